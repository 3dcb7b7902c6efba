"""The facts about one file that tell backups apart. Its content is not read."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lrestore.errors import VaultError
from lrestore.vault import extractions, fingerprint, rows, schema
from lrestore.vault.files import OpenFile, open_file
from lrestore.vault.staging import Staging
from lrestore.vault.times import utc_iso


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One file. ``date`` is the time of its newest row, "" if no row has a readable one.

    ``objects`` are hashes of (type, id), ascending; ``versions``, in the same order, tell the rows of one object apart:
    equal versions are the same row of the same extraction. Both need sixteen bytes per object, so that hundreds of
    files fit into memory.
    """

    path: str
    digest: str
    date: str
    objects: array[int]
    versions: array[int]
    held: frozenset[str]
    """The types of which it holds rows."""
    covered: frozenset[str]
    """``held``, and the types that a completed extraction asked Looker for: of these there was nothing."""
    recorded: bool
    """Whether it holds the record of any extraction."""
    unfinished: str
    """The status of its last extraction if that is not *completed*; "" without a record."""
    incremental: bool
    """Each extraction on record took only what had changed: the file alone is no full backup."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that cannot be read, and why."""

    path: str
    error: VaultError


def facts_of(path: Path) -> FileFacts | Unreadable:
    """Read one file and close it again; the copy of a compressed one is removed."""
    staging = Staging()
    try:
        file = open_file(path, staging)
        try:
            return _facts(file)
        finally:
            file.connection.close()
    except VaultError as error:
        return Unreadable(str(path), error)
    finally:
        staging.close()


def _facts(file: OpenFile) -> FileFacts:
    digest = hashlib.sha256()
    newest = ""
    held: set[str] = set()
    found: dict[int, tuple[str, int]] = {}
    for row in rows.fetch(file, fingerprint.QUERY):
        fingerprint.add(digest, row)
        number, row_id, synced_at, deleted_at, size = row
        synced = utc_iso(synced_at)
        newest = max(newest, synced)
        kind = schema.KIND_BY_NUMBER.get(number)
        if kind is not None:
            held.add(kind.name)
            key = hash((kind.number, str(row_id).removeprefix(kind.prefix)))
            # Both ways of writing an id may be in one file: the newest row is the object.
            found[key] = max(found.get(key, ("", 0)), (synced, hash((synced_at, deleted_at, size))))
    file.check_unchanged()
    sessions = extractions.of_file(file)
    asked = frozenset[str]().union(*(session.types for session in sessions if session.status == "completed"))
    keys = array("q", sorted(found))
    return FileFacts(
        path=file.path,
        digest=digest.hexdigest(),
        date=newest,
        objects=keys,
        versions=array("q", (found[key][1] for key in keys)),
        held=frozenset(held),
        covered=asked | held,
        recorded=bool(sessions),
        unfinished=next((one.status for one in sessions[-1:] if one.status != "completed"), ""),
        incremental=bool(sessions) and all(session.incremental for session in sessions),
    )


def common(one: FileFacts, other: FileFacts) -> Iterator[bool]:
    """For each object that both files hold: whether it is the same row."""
    left, right = 0, 0
    ours, theirs = one.objects, other.objects
    while left < len(ours) and right < len(theirs):
        if ours[left] == theirs[right]:
            yield one.versions[left] == other.versions[right]
            left, right = left + 1, right + 1
        elif ours[left] < theirs[right]:
            left += 1
        else:
            right += 1
