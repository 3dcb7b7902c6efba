"""Starts the child processes of a bulk run, even if a process is killed or signalled meanwhile.

Children are forked from multiprocess's fork server, which has everything loaded. The fork server may be killed too;
its children die with it, and multiprocess starts another one at the next try. A signal to the whole process group
(Ctrl-C, SIGTERM of a service manager) must not end it, because its children would end in the middle of their calls. It
is therefore started with these signals blocked; its children first ignore the signals and then unblock them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from multiprocess import forkserver, get_context, resource_tracker
from multiprocess.context import ForkServerContext
from multiprocess.process import BaseProcess

from lrestore.crash_points import crash_point
from lrestore.errors import StoppedError
from lrestore.run.bulk.launch.child import without_main_module
from lrestore.run.bulk.launch.socket_folder import use_own_folder

PRELOADED = ["lrestore.run.bulk.launch.fork_server", "lrestore.run.bulk.preload"]
_COORDINATOR = "_LRESTORE_COORDINATOR"
"""The variable that :mod:`.fork_server` reads. That module cannot be imported here: its import ends the process."""
_TRIES = 5
_PAUSE_S = 0.1
"""A killed fork server takes a moment to end, and until then multiprocess starts no other one."""
_HELD_BACK = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def start_fork_server() -> None:
    """Start the fork server in advance. It loads its modules (half a second) while the caller works.

    A failure is harmless: the first start of a child starts the fork server again and reports the error.
    """
    with contextlib.suppress(OSError), _signals_held_back(), without_main_module():
        _context()
        forkserver.ensure_running()


def _context() -> ForkServerContext:
    with contextlib.suppress(OSError):
        # Otherwise multiprocess makes a folder of its own, or reports the error.
        use_own_folder()
    context: ForkServerContext = get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


class Launcher:
    """Starts processes from one fork server."""

    def __init__(self) -> None:
        self._context = _context()
        self._running: list[BaseProcess] = []

    def start(self, target: Callable[..., object], arguments: tuple[Any, ...], name: str) -> BaseProcess:
        """Start a process. Raises StoppedError with the system's error if that fails."""
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
                # The fork server, or the new process, was killed before it had received its arguments.
                failure = error
                time.sleep(_PAUSE_S)
                continue
            return process
        raise StoppedError(f"cannot start process {name}: {failure}") from failure

    def kill(self) -> None:
        """Kill all started processes and wait for their end, including one whose start was interrupted."""
        for process in self._running:
            process.kill()
        for process in self._running:
            process.join()


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """Children start with these signals blocked, and no handler runs inside: an exception of a handler could come
    between the start of a process and its registration.

    Blocking the signals is not enough for that: the kernel delivers them to another thread of the process, and Python
    runs the handler in the main thread nevertheless.
    """
    with _handlers_postponed():
        # First, because starting the resource tracker unblocks the signals.
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
    """Raise signals that arrive inside again afterwards. Only the main thread has handlers to postpone."""
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
