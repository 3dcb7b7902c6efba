"""Child processes for tests that kill: started by fork with a function, ended with the test."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import multiprocess
from multiprocess.process import BaseProcess

from tests.waiting import HANG_S

WITHIN_S = HANG_S
"""A child that takes longer than this hangs."""

fork = multiprocess.get_context("fork")


def start(target: Callable[..., Any], *args: Any) -> BaseProcess:
    """A running child; an exception in it is its exit code 1."""
    child = fork.Process(target=target, args=args, daemon=True)
    child.start()
    return child


def kill(child: BaseProcess) -> None:
    """kill -9, without waiting for it: it stays a zombie until it is joined."""
    assert child.pid
    os.kill(child.pid, signal.SIGKILL)


@contextmanager
def children(target: Callable[..., Any], arguments: list[tuple[Any, ...]]) -> Iterator[list[BaseProcess]]:
    """One child per tuple of arguments; all of them are ended afterwards."""
    running = [start(target, *args) for args in arguments]
    try:
        yield running
    finally:
        for child in running:
            child.kill()
            child.join(WITHIN_S)
            child.close()
