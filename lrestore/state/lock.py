"""One run per state file.

A POSIX record lock on ``<state file>.lock``: the kernel releases it when its holder dies, so no stale lock is left. The
lock file itself stays; if it were removed, two runs could lock two files of the same name.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from lrestore.errors import LockHeldError
from lrestore.state.connection import state_errors

_held: set[Path] = set()
"""Lock files held by this process: POSIX locks do not distinguish two holders in one process."""

_guard = threading.Lock()


class RunLock:
    """Context manager; entering raises LockHeldError, naming the holder, when another run has the lock."""

    def __init__(self, state_path: Path | str) -> None:
        self._state_path = Path(state_path)
        self.path = Path(f"{self._state_path.resolve()}.lock")
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()

    def acquire(self) -> None:
        """Take the lock or raise LockHeldError; never waits."""
        with _guard, state_errors(self._state_path):
            if self.path in _held:
                raise self._held_by(f"process {os.getpid()} on {socket.gethostname()}")
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                self._lock(descriptor)
            except BaseException:
                os.close(descriptor)
                raise
            self._descriptor = descriptor
            _held.add(self.path)

    def release(self) -> None:
        """Release the lock; does nothing if it is not held."""
        with _guard:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None
                _held.discard(self.path)

    def _lock(self, descriptor: int) -> None:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                raise
            holder = os.read(descriptor, 500).decode("utf-8", "replace").strip()
            raise self._held_by(holder or "a process that has not recorded its number yet") from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode())

    def _held_by(self, holder: str) -> LockHeldError:
        return LockHeldError(
            f"another run is using the state file {self._state_path}: {holder}",
            hint="wait for it to end",
        )
