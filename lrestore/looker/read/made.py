"""The objects that this run has written or found, whichever process did: they are there, and need not be read again.

The processes of a run append to one file. It only saves reads: a record that a killed process has not written whole
costs one.
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
from lrestore.looker.read.shared_records import SharedRecords

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
        self._records = None if shared is None else SharedRecords(shared.folder / "made.ndjson", WrittenObject)
        self._run = shared.run if shared is not None else ""
        self._take = take
        self._held: set[int] = set()
        self._lock = threading.Lock()

    def note(self, type_name: str, object_id: str, row: JsonObject | None = None, source_id: str = "") -> None:
        """This process has just written the object, or found it as ``source_id``: Looker's answer says so."""
        written = WrittenObject(self._run, os.getpid(), type_name, object_id, row, source_id)
        with self._lock:
            self._held |= _hashes(written)
            try:
                if self._records is not None:
                    self._records.append(written)
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

    def _read_on(self) -> None:
        for written in self._records.fresh() if self._records is not None else ():
            if written.run == self._run and written.by != os.getpid():
                if written.row is not None:
                    self._take(written.type, written.row)
                self._held |= _hashes(written)

    def _give_up(self, error: OSError) -> None:
        log.debug("processes read for themselves what others write: %s", error)
        self._records = None


def _hashes(written: WrittenObject) -> set[int]:
    return {_hash(written.type, written.id), _hash(written.type, written.id, written.source_id)}


def _hash(type_name: str, object_id: str, source_id: str = "") -> int:
    return id_hash(f"{type_name}\0{object_id}\0{source_id}")
