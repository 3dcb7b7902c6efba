"""Starting the child processes of a bulk run, whoever is killed or signalled meanwhile.

Children are forked from multiprocessing's fork server, which has everything loaded. It is a process like any other: it
may be killed, and with it dies what it has forked; multiprocessing starts another one at the next try. A signal to the
whole process group (Ctrl-C, a service manager's SIGTERM) must not end it, since its children would end with it in the
middle of their calls: it is started with these signals blocked, and its children unblock them when they ignore them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, get_context, resource_tracker
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from typing import Any

from lrestore.crash_points import crash_point
from lrestore.errors import StoppedError
from lrestore.run.bulk.launch.child import without_main_module
from lrestore.run.bulk.launch.socket_folder import use_own_folder

PRELOADED = ["lrestore.run.bulk.launch.fork_server", "lrestore.run.bulk.launch.preload"]
_COORDINATOR = "_LRESTORE_COORDINATOR"
"""As :mod:`.fork_server` reads it, which ends what imports it."""
_TRIES = 5
_PAUSE_S = 0.1
"""A fork server that has been killed takes a moment to be gone, and until then no other is started in its place."""
_HELD_BACK = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def load_ahead() -> None:
    """Start the fork server, which then loads beside the caller's own work what its children need: half a second.

    Nothing is lost if that fails: whoever needs it starts it, and tells what is wrong.
    """
    with contextlib.suppress(OSError), _signals_held_back(), without_main_module():
        _context()
        forkserver.ensure_running()


def _context() -> ForkServerContext:
    with contextlib.suppress(OSError):
        # Without it multiprocessing makes one of its own, or tells what is wrong.
        use_own_folder()
    context: ForkServerContext = get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


class Launcher:
    """Starts processes, all from one fork server."""

    def __init__(self) -> None:
        self._context = _context()
        self._running: list[BaseProcess] = []

    def start(self, target: Callable[..., object], arguments: tuple[Any, ...], name: str) -> BaseProcess:
        """A running process. Raises StoppedError if none can be started, with what the system said."""
        failure: Exception | None = None
        self._running = [process for process in self._running if process.is_alive()]
        for _ in range(_TRIES):
            process = self._context.Process(target=target, args=arguments, name=name)
            try:
                with _signals_held_back(), without_main_module():
                    crash_point("launch.held")
                    process.start()
                    self._running.append(process)
                    crash_point("launch.started")
            except (OSError, EOFError) as error:
                # The fork server, or the new process, was killed before it had all that it is told at its start.
                failure = error
                time.sleep(_PAUSE_S)
                continue
            return process
        raise StoppedError(f"cannot start process {name}: {failure}") from failure

    def kill(self) -> None:
        """End all that has been started, and wait for it: also a process whose start was interrupted."""
        for process in self._running:
            process.kill()
        for process in self._running:
            process.join()


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """Children begin with the signals blocked, and no handler runs in here: an exception that one raises would come
    between the start of a process and the knowledge of it.

    To block the signals is not enough for that: the kernel gives them to another thread of the process, and Python runs
    the handler in the main one nevertheless.
    """
    with _handlers_postponed():
        # First, because it would unblock the signals when it starts one itself.
        resource_tracker.ensure_running()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_BACK)
        os.environ[_COORDINATOR] = str(os.getpid())
        try:
            yield
        finally:
            os.environ.pop(_COORDINATOR, None)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _handlers_postponed() -> Iterator[None]:
    """Signals that come meanwhile are sent again afterwards. Only the main thread has handlers to postpone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {number: signal.getsignal(number) for number in _HELD_BACK}
    ours = [number for number, handler in before.items() if callable(handler)]
    try:
        for number in ours:
            signal.signal(number, lambda number, frame: came.append(number))
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])
        for signal_number in dict.fromkeys(came):
            signal.raise_signal(signal_number)
