"""A file to which the processes of a run append records, and from which each of them reads those of the others.

Each process may be killed at any moment, also in the middle of an append: the system releases its lock, and the next
append ends the record that was cut off. Nothing is synced to the disk: no process of a run outlives a power loss.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

_Record = TypeVar("_Record")


class SharedRecords(Generic[_Record]):
    """Not safe for threads. Each method raises OSError if the file cannot be used.

    ``is_cut_off``: whether :meth:`fresh` has met a record that is not whole, and has left it out.
    """

    def __init__(self, path: Path, kind: type[_Record]) -> None:
        """``kind``: the type of the records, which are written as JSON. The file is made when it is needed."""
        self._path = path
        self._decoder = msgspec.json.Decoder(kind)
        self._file: int | None = None
        self._read_to = 0
        self._rest = b""
        self._has_bad_lines = False

    @property
    def is_cut_off(self) -> bool:
        # Known under the lock only: without it, another process may be in the middle of an append.
        return self._has_bad_lines or bool(self._rest)

    def append(self, record: _Record) -> None:
        """Write the record, in one call: records of other processes do not come between."""
        line = b"\n" + msgspec.json.encode(record) + b"\n"
        if os.write(self._opened(), line) < len(line):
            raise OSError(f"{self._path} takes no more: the disk may be full")

    def fresh(self) -> list[_Record]:
        """The records that were appended since the last call, by this process or by others."""
        file = self._opened()
        data = os.pread(file, os.fstat(file).st_size - self._read_to, self._read_to)
        self._read_to += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        records = []
        for line in filter(None, lines):
            try:
                records.append(self._decoder.decode(line))
            except (msgspec.MsgspecError, ValueError):
                self._has_bad_lines = True
        return records

    @contextmanager
    def locked(self) -> Iterator[None]:
        """No other process is in such a block meanwhile."""
        file = self._opened()
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)

    def _opened(self) -> int:
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        return self._file
