"""The objects that this run has written or found, whichever process did: they are there, and need not be read again.

The processes of a run append to one file. It only saves reads: a line that cannot be understood, as a killed process
may leave it, costs one.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable

import msgspec

from lrestore.json_types import JsonObject
from lrestore.looker.read.index_files import Shared
from lrestore.looker.read.index_lists import id_hash

log = logging.getLogger("lrestore.looker")


class WrittenObject(msgspec.Struct, frozen=True, array_like=True):
    """An object that the process ``by`` of the run ``run`` has written. ``row``: all fields, of a type that is
    listed. ``source_id``: the backed-up object that it is, where the run has found it.
    """

    run: str
    by: int
    type: str
    id: str
    row: JsonObject | None = None
    source_id: str = ""


class Made:
    """Safe for threads, and for the processes that share the folder."""

    def __init__(self, shared: Shared | None, take: Callable[[str, JsonObject], None]) -> None:
        """``take`` is given type and row of the listed objects that other processes have written."""
        self._path = None if shared is None else shared.folder / "made.ndjson"
        self._run = shared.run if shared is not None else ""
        self._take = take
        self._held: set[int] = set()
        self._file: int | None = None
        self._read_to = 0
        self._rest = b""
        self._lock = threading.Lock()

    def note(self, type_name: str, object_id: str, row: JsonObject | None = None, source_id: str = "") -> None:
        """This process has just written the object, or found it as ``source_id``: Looker's answer says so."""
        written = WrittenObject(self._run, os.getpid(), type_name, object_id, row, source_id)
        line = msgspec.json.encode(written)
        with self._lock:
            self._held |= _hashes(written)
            try:
                file = self._opened()
                if file is not None:
                    # One call: lines of other processes do not come between. A line that was cut off ends here.
                    os.write(file, b"\n" + line + b"\n")
            except OSError as error:
                self._give_up(error)

    def has(self, type_name: str, object_id: str, source_id: str = "") -> bool:
        """Whether a process of this run has written the object; with ``source_id``: has found it as that."""
        wanted = _hash(type_name, object_id, source_id)
        with self._lock:
            if wanted not in self._held:
                try:
                    self._read_on()
                except OSError as error:
                    self._give_up(error)
            return wanted in self._held

    def _opened(self) -> int | None:
        if self._file is None and self._path is not None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        return self._file

    def _read_on(self) -> None:
        file = self._opened()
        if file is None:
            return
        fresh = os.pread(file, os.fstat(file).st_size - self._read_to, self._read_to)
        self._read_to += len(fresh)
        *lines, self._rest = (self._rest + fresh).split(b"\n")
        for line in filter(None, lines):
            try:
                written = msgspec.json.decode(line, type=WrittenObject)
            except (msgspec.MsgspecError, ValueError):
                continue
            if written.run == self._run and written.by != os.getpid():
                if written.row is not None:
                    self._take(written.type, written.row)
                self._held |= _hashes(written)

    def _give_up(self, error: OSError) -> None:
        log.debug("processes read for themselves what others write: %s", error)
        self._path = self._file = None


def _hashes(written: WrittenObject) -> set[int]:
    return {_hash(written.type, written.id), _hash(written.type, written.id, written.source_id)}


def _hash(type_name: str, object_id: str, source_id: str = "") -> int:
    return id_hash(f"{type_name}\0{object_id}\0{source_id}")
