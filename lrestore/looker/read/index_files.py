"""Files by which the processes of a run share the index of a type: objects that Looker has shown, and given answers.

Each process may be killed at any moment: the snapshot is replaced as a whole, the system releases the locks of a dead
process, and a file that was cut off proves nothing.
"""

from __future__ import annotations

import fcntl
import os
import threading
from array import array
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import msgspec

from lrestore.looker.read.shared_records import SharedRecords

_SIZE = array("Q").itemsize


@dataclass(frozen=True, slots=True)
class Shared:
    """The folder in which the processes of a run share files, and a name of the run that no other has. ``types``: those
    of which so many objects are restored that an index pays.
    """

    folder: Path
    run: str
    types: frozenset[str]

    def path(self, type_name: str) -> Path:
        """The file of a type's snapshot."""
        return self.folder / f"index-{type_name}.msgpack"


class Snapshot(msgspec.Struct, frozen=True):
    """The objects of a type at a time (seconds of the monotonic clock, which all processes of a machine share).

    ``hashes`` are those of ids and natural keys, 8 bytes each, sorted; ``trash`` those of ids that lists of this
    run have shown in the trash. ``reason``: why the lists prove nothing. ``empty``: they have no object.
    """

    run: str
    read_at_s: float
    hashes: bytes = b""
    trash: bytes = b""
    reason: str = ""
    empty: bool = False


def load(path: Path) -> Snapshot | None:
    """The snapshot that a process has saved; None if there is none, or not a whole one."""
    try:
        found = msgspec.msgpack.decode(path.read_bytes(), type=Snapshot)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    return None if len(found.hashes) % _SIZE else found


def save(path: Path, snapshot: Snapshot) -> None:
    """Written whole or not at all. Raises OSError."""
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.write_bytes(msgspec.msgpack.encode(snapshot))
    unfinished.replace(path)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file; the system releases that of a process which dies. Raises OSError."""
    with path.with_suffix(".lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class Claims:
    """Ids and natural keys, as hashes, that have been answered as missing, or written, since the run began.

    The next question about one of them is not answered: by then, the object may have been created. Safe for threads,
    and for the processes that have the same file. Each method raises OSError if the file cannot be used.
    """

    def __init__(self, path: Path | None) -> None:
        """Without a path, this process is alone."""
        self._records = None if path is None else SharedRecords(path, list[int])
        self._held: set[int] = set()
        self._lock = threading.Lock()

    def take(self, hashes: Collection[int]) -> bool:
        """Claim all of them; False if one of them was claimed before."""
        with self._current():
            if not self._held.isdisjoint(hashes):
                return False
            self._append(hashes)
            return True

    def add(self, hashes: Collection[int]) -> None:
        """Claim them, claimed before or not."""
        with self._current():
            self._append([one for one in hashes if one not in self._held])

    def has(self, wanted: int) -> bool:
        """Whether it was claimed."""
        with self._current():
            return wanted in self._held

    @contextmanager
    def _current(self) -> Iterator[None]:
        """No other thread and no other process claims anything meanwhile; what they have claimed is known."""
        with self._lock, nullcontext() if self._records is None else self._records.locked():
            self._read_on()
            yield

    def _read_on(self) -> None:
        if self._records is not None:
            for hashes in self._records.fresh():
                self._held.update(hashes)
            if self._records.is_cut_off:
                raise OSError("a process has ended while it claimed objects")

    def _append(self, hashes: Collection[int]) -> None:
        self._held.update(hashes)
        if self._records is not None and hashes:
            self._records.append(list(hashes))
