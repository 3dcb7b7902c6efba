"""The shared record in a small file that all processes map into their memory.

Exclusion uses ``fcntl.lockf``, which the kernel releases when its holder dies, and a thread lock around it, because
``lockf`` belongs to the whole process. The file has two copies of the record: an update writes the copy that is not in
use, and then one byte switches to it. A process that is killed in between has changed nothing.

    byte 0       magic, then the configuration (msgpack, preceded by its length): the path alone is enough to attach
    byte 4096    which of the two records is in use
    byte 4104    number of member places that were ever taken
    byte 4160    the records
    byte 8192    members: start times, process ids, calls in progress

Not guaranteed: anything on a network file system; progress while the holder of the lock is stopped (SIGSTOP).
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import threading
from pathlib import Path
from types import TracebackType

import msgspec

from lrestore.crash_points import crash_point
from lrestore.errors import StateError
from lrestore.run.limiter.config import LimiterConfig
from lrestore.run.limiter.processes import started_at
from lrestore.run.limiter.state import RECORD, LimiterState, packed, unpacked

MAGIC = b"lrestore limiter 1\n"
MEMBERS = 255
_LENGTH = struct.Struct("=I")
_CONFIG_AT = len(MAGIC) + _LENGTH.size
_IN_USE_AT = 4096
_PLACES_AT = 4104
_RECORDS_AT = (4160, 4160 + 1024)
_MEMBERS_AT = 8192
_BYTES = _MEMBERS_AT + MEMBERS * 16


class _Lock:
    """Excludes the other threads of this process, and all other processes that have the file open."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._threads = threading.Lock()

    def __enter__(self) -> None:
        self._threads.acquire()
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX)
        except BaseException:
            self._threads.release()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN)
        finally:
            self._threads.release()


class FileCell:
    """A process's access to the file: open it once per process, and not before a fork."""

    def __init__(self, path: Path) -> None:
        """Map the file that :meth:`create` made. Raises :class:`StateError` if it is missing or of another kind."""
        self.path = path
        self._own: int | None = None
        self._closed = False
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise StateError(f"rate limiter file {path}: {error.strerror}") from error
        self.lock = _Lock(self._descriptor)
        try:
            self.config = self._map()
        except BaseException:
            os.close(self._descriptor)
            raise

    @classmethod
    def create(cls, path: Path, config: LimiterConfig, state: LimiterState) -> FileCell:
        """Create the file, replacing one of an earlier run, and open it."""
        body = bytearray(_BYTES)
        encoded = msgspec.msgpack.encode(config)
        body[: _CONFIG_AT + len(encoded)] = MAGIC + _LENGTH.pack(len(encoded)) + encoded
        body[_RECORDS_AT[0] : _RECORDS_AT[0] + RECORD.size] = packed(state)
        try:
            path.unlink(missing_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
                file.write(body)
        except OSError as error:
            raise StateError(f"rate limiter file {path}: {error.strerror}") from error
        return cls(path)

    def load(self) -> tuple[LimiterState, int]:
        start = _RECORDS_AT[self._bytes[_IN_USE_AT]]
        return unpacked(self._bytes[start : start + RECORD.size]), sum(self._calls[: self._bytes[_PLACES_AT]])

    def save(self, state: LimiterState, own_calls: int) -> None:
        """Raises StateError if this member is one too many."""
        if self._own is None:
            self._own = self._join()
        other = 1 - self._bytes[_IN_USE_AT]
        start = _RECORDS_AT[other]
        self._bytes[start : start + RECORD.size] = packed(state)
        crash_point("limiter.lock_held")
        self._bytes[_IN_USE_AT] = other
        self._calls[self._own] = own_calls

    def reclaim(self) -> int:
        found = 0
        for place in range(MEMBERS):
            if (pid := self._pids[place]) and started_at(pid) != self._starts[place]:
                self._leave(place)
                found += 1
        return found

    def close(self) -> None:
        """Free the place and unmap; may be repeated. The file stays until its creator removes it."""
        if self._closed:
            return
        self._closed = True
        with self.lock:
            if self._own is not None:
                self._leave(self._own)
            for view in (self._starts, self._pids, self._calls, self._bytes):
                view.release()
            self._map_.close()
        os.close(self._descriptor)

    def _map(self) -> LimiterConfig:
        if os.fstat(self._descriptor).st_size != _BYTES:
            raise StateError(
                f"rate limiter file {self.path}: not a limiter file, or one of another version of lrestore"
            )
        self._map_ = mmap.mmap(self._descriptor, _BYTES)
        self._bytes = memoryview(self._map_)
        members = self._bytes[_MEMBERS_AT:]
        self._starts = members[: MEMBERS * 8].cast("Q")
        self._pids = members[MEMBERS * 8 : MEMBERS * 12].cast("I")
        self._calls = members[MEMBERS * 12 : MEMBERS * 16].cast("I")
        if self._bytes[: len(MAGIC)] != MAGIC:
            raise StateError(
                f"rate limiter file {self.path}: not a limiter file, or one of another version of lrestore"
            )
        (length,) = _LENGTH.unpack_from(self._bytes, len(MAGIC))
        return msgspec.msgpack.decode(self._bytes[_CONFIG_AT : _CONFIG_AT + length], type=LimiterConfig)

    def _join(self) -> int:
        """Take a free place. The process id is written last, which makes the place count."""
        place = self._free_place()
        self._calls[place] = 0
        self._bytes[_PLACES_AT] = max(self._bytes[_PLACES_AT], place + 1)
        self._starts[place] = started_at(os.getpid())
        self._pids[place] = os.getpid()
        return place

    def _free_place(self) -> int:
        for _ in range(2):
            for place in range(MEMBERS):
                if not self._pids[place]:
                    return place
            self.reclaim()
        raise StateError(f"rate limiter file {self.path}: more than {MEMBERS} processes", hint="use fewer workers")

    def _leave(self, place: int) -> None:
        self._calls[place] = 0
        self._pids[place] = 0
