"""The facts about one file that tell backups apart. Its content is not read."""

from __future__ import annotations

import functools
import hashlib
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from lrestore.errors import VaultError
from lrestore.ontology import CONTENT_TYPES
from lrestore.vault import extractions, fingerprint, rows, schema
from lrestore.vault.files import OpenFile, open_file
from lrestore.vault.private_copies import PrivateCopies
from lrestore.vault.times import utc_iso

_QUERY: Final = fingerprint.QUERY.replace(" FROM ", ", created_at FROM ")
_DAY: Final = len("2026-11-23")
_SAMPLE: Final = 50


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One file. ``date`` is the time of its newest row, "" if no row has a readable one.

    ``objects`` are hashes of (type, id), ascending. In the same order, ``versions`` tell the rows of one object apart:
    equal versions are the same row of the same extraction; ``births`` are hashes of ``created_at``, which Looker never
    changes, 0 where it is not known. They need 24 bytes per object, so that hundreds of files fit into memory.
    """

    path: str
    digest: str
    date: str
    objects: array[int]
    versions: array[int]
    births: array[int]
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
    errors: int
    """The errors of its last extraction: for each, up to 100 objects may be missing."""
    seen_since: Mapping[str, str]
    """The begin of the last extraction that read all objects of a type, by type. LookerVault may write each night into
    the same file and never removes a row: an older row belongs to an object that no longer existed then.
    """


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that cannot be read, and why."""

    path: str
    error: VaultError


def facts_of(path: Path) -> FileFacts | Unreadable:
    """Read one file and close it again; the copy of a compressed one is removed."""
    copies = PrivateCopies()
    try:
        file = open_file(path, copies)
        try:
            return _facts(file)
        finally:
            file.connection.close()
    except VaultError as error:
        return Unreadable(str(path), error)
    finally:
        copies.close()


def _facts(file: OpenFile) -> FileFacts:
    digest = hashlib.sha256()
    newest = ""
    held: set[str] = set()
    found: dict[int, tuple[str, int, int]] = {}
    for *row, created_at in rows.fetch(file, _QUERY):
        fingerprint.add(digest, tuple(row))
        number, row_id, synced_at, deleted_at, size = row
        synced = utc_iso(synced_at)
        newest = max(newest, synced)
        kind = schema.TYPE_BY_NUMBER.get(number)
        if kind is not None:
            held.add(kind.name)
            key = hash((kind.number, str(row_id).removeprefix(kind.prefix)))
            birth = _birth(utc_iso(created_at), synced) if CONTENT_TYPES[kind.name].created_at else 0
            # Both ways of writing an id may be in one file: the newest row is the object.
            found[key] = max(found.get(key, ("", 0, 0)), (synced, hash((synced_at, deleted_at, size)), birth))
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
        births=array("q", (found[key][2] for key in keys)),
        held=frozenset(held),
        covered=asked | held,
        recorded=bool(sessions),
        unfinished=next((one.status for one in sessions[-1:] if one.status != "completed"), ""),
        incremental=bool(sessions) and all(session.incremental for session in sessions),
        errors=sum(session.errors for session in sessions[-1:]),
        seen_since=_seen_since(sessions, newest),
    )


def _seen_since(sessions: Sequence[extractions.Session], newest: str) -> dict[str, str]:
    """A session that began after the newest row is left out: its time, which has no zone, is read in the wrong one."""
    whole = (one for one in sessions if one.status == "completed" and not one.errors and not one.incremental)
    return {name: one.started_at for one in whole if one.started_at <= newest for name in one.types}


def _birth(created_at: str, synced_at: str) -> int:
    """A hash of the time of creation, 0 for one just before the extraction: where an object shows none, LookerVault
    stores the moment of the extraction. Two days, since either time may be read in a wrong time zone.
    """
    return hash(created_at) if created_at and synced_at and created_at < _two_days_before(synced_at[:_DAY]) else 0


@functools.cache
def _two_days_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=2)).isoformat()


def common(one: FileFacts, other: FileFacts) -> Iterator[tuple[int, int]]:
    """For each object that both files hold: its places in the two."""
    left, right = 0, 0
    ours, theirs = one.objects, other.objects
    while left < len(ours) and right < len(theirs):
        if ours[left] == theirs[right]:
            yield left, right
            left, right = left + 1, right + 1
        elif ours[left] < theirs[right]:
            left += 1
        else:
            right += 1


def same_rows(one: FileFacts, other: FileFacts) -> bool:
    """Whether each object that both hold is the same row in both."""
    return all(one.versions[left] == other.versions[right] for left, right in common(one, other))


def of_another_instance(one: FileFacts, other: FileFacts) -> bool:
    """Whether most objects of the same ids were created at other times: judged from the first that have a time."""
    known = ((one.births[left], other.births[right]) for left, right in common(one, other))
    sample = list(islice((pair for pair in known if all(pair)), _SAMPLE))
    return 2 * sum(ours != theirs for ours, theirs in sample) > len(sample)
