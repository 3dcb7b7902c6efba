"""The session, worker and item that a log line belongs to. They are set here, and the JSON log writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import partial
from logging import LogRecord
from typing import TypeVar

_T = TypeVar("_T")
_item: ContextVar[str | None] = ContextVar("item", default=None)


class _Process:
    """The fields that all threads of this process share: a process works for one session at a time."""

    session: str | None = None
    worker: int | None = None


def log_session(session: str | None, worker: int | None = None) -> None:
    """From now on, the lines of this process belong to ``session``; in a worker process also to its number."""
    _Process.session, _Process.worker = session, worker


@contextmanager
def log_item(item: object) -> Iterator[None]:
    """Lines of this thread inside belong to ``item``."""
    token = _item.set(str(item))
    try:
        yield
    finally:
        _item.reset(token)


def with_log_item(task: Callable[[], _T]) -> Callable[[], _T]:
    """``task`` for another thread, whose lines belong to the item of this thread: a thread starts without one."""
    return partial(copy_context().run, task)


def log_fields(record: LogRecord) -> dict[str, str | int]:
    """The fields of a line that is written now. ``extra`` of the logging call has priority."""
    known = {"session": _Process.session, "worker": _Process.worker, "item": _item.get()}
    found: dict[str, str | int | None] = {name: getattr(record, name, value) for name, value in known.items()}
    return {name: value for name, value in found.items() if value is not None}
