"""Room for the state file and the undo copies: refused before the first write rather than missed in the middle."""

from __future__ import annotations

import os
from pathlib import Path

from lrestore.errors import StateError
from lrestore.report.guards import Disk
from lrestore.text.words import size

_COPIED = 2.5
"""Bytes on disk for each byte of the backup. A copy of each live object is kept, first in a write-ahead log and then in
the shard; the object may have grown since the backup, and the state file keeps the content of failed items.
"""
_ITEM_BYTES = 2_000
"""Rows, indexes and mappings of an item, whatever its size."""
_EMPTY_BYTES = 1_000_000
"""The files of a restore that has written nothing yet."""
_FILES_BYTES = 8_000_000
"""The state file and an undo shard with their write-ahead logs, which grow to 4 MB each."""
_WORKER_BYTES = 10_000_000
"""The same of each worker: its undo shard, its overflow file, their logs."""
_LOGGED_ITEM_BYTES = 60_000
_LOGGED = 6
"""The logs hold no more than was written: whole pages for each item, and its copy as often as it is completed."""


def needed_bytes(items: int, blob_bytes: int, workers: int) -> int:
    """An estimate of what a restore has on disk at its peak, for so many items of so many bytes in the backup.

    Measured with all items updated: 40 MB for 416 items of 4.6 MB and 81 MB for 683 items of 17.6 MB with 4 workers,
    where this says 60 MB and 93 MB; and with 2 workers 1.4 MB for 62 items of 0.25 MB, of which 11 were updated, where
    this says 7 MB.
    """
    logs = min(_FILES_BYTES + workers * _WORKER_BYTES, items * _LOGGED_ITEM_BYTES + blob_bytes * _LOGGED)
    return _EMPTY_BYTES + round(blob_bytes * _COPIED) + items * _ITEM_BYTES + logs


def disk_of(state: Path, needed: int) -> Disk:
    """The room where the state file is, or will be. Raises StateError if the system does not say."""
    folder = next(one for one in (state.parent, *state.parent.resolve().parents) if one.is_dir())
    try:
        found = os.statvfs(folder)
    except OSError as error:
        raise StateError(f"cannot read the free space of {folder}: {error.strerror or error}") from error
    return Disk(str(folder), found.f_bavail * found.f_frsize, needed)


def check_disk(disk: Disk) -> None:
    """Raises StateError where the disk cannot hold what a restore may need."""
    if not disk.holds:
        raise StateError(
            f"{disk.folder} has {size(disk.free_bytes)} free, and the state file and the undo copies of this selection "
            f"need about {size(disk.needed_bytes)}; nothing was written",
            hint="free some space, set [state] path to another disk, or select less at once",
        )
