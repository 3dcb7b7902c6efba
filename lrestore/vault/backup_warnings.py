"""Warnings about an incomplete or doubtful backup, from its tables alone, without decoding content.

The reasons lie in how LookerVault extracts (seen in its source, and by running it): it marks sessions completed
although pages failed, stops at the first type that it cannot extract, and never removes what was deleted in Looker.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from lrestore.vault import extractions as sessions
from lrestore.vault import schema, versions
from lrestore.vault.extractions import Session
from lrestore.vault.files import OpenFile
from lrestore.vault.survey import Survey

NEVER_BACKED_UP: Final = frozenset({"explore"})
_SHOWN: Final = 5


def of_files(files: Sequence[OpenFile], surveys: Sequence[Survey], repeated: Mapping[str, set[str]]) -> list[str]:
    """The warnings for a backup; ``repeated`` are the ids that several rows claim. Raises :class:`VaultError`."""
    warnings: list[str] = []
    present: set[str] = set()
    for file, tally in zip(files, surveys, strict=True):
        present |= tally.plain.keys() | tally.composite.keys()
        warnings += [f"{file.path}: {warning}" for warning in _of_file(file, tally)]
    return [*warnings, *_duplicates(repeated), *_missing(present)]


def _of_file(file: OpenFile, tally: Survey) -> Iterator[str]:
    known = sessions.of_file(file)
    yield from _unfinished(known)
    yield from _overwritten(file, tally)
    yield from _rows(tally)
    yield from _stale(known, tally)


def _unfinished(known: Sequence[Session]) -> Iterator[str]:
    for session in known:
        if session.status != "completed":
            yield f"the extraction of {session.started_at} is recorded as {session.status}: content may be missing"
        if session.errors:
            pages = f"{session.errors} error{'s' if session.errors > 1 else ''}"
            yield f"the extraction of {session.started_at} had {pages}: up to 100 objects are missing for each"


def _overwritten(file: OpenFile, tally: Survey) -> Iterator[str]:
    if tally.plain and versions.may_have_lost_rows(file):
        yield (
            "was written in a format before version 4 with plain ids: objects of different types with the same id may"
            " have overwritten each other"
        )


def _rows(tally: Survey) -> Iterator[str]:
    if tally.plain and tally.composite:
        yield (
            f"ids are written in both ways ({tally.plain.total()} rows as 1, {tally.composite.total()} as look::1):"
            " it was extracted with several workers and with one"
        )
    if tally.naive:
        yield f"{tally.naive} rows have a sync time without an offset; reading it as local time of this machine"
    for number, count in tally.unknown.items():
        yield f"{count} rows are of content type {number!r}, which lrestore does not know; leaving them out"


def _stale(known: Sequence[Session], tally: Survey) -> Iterator[str]:
    """Rows that a later full extraction of their type did not see again."""
    newest = max((synced_at for _, synced_at in tally.synced), default="")
    last = next((session for session in reversed(known) if session.started_at <= newest), None)
    if last is None or last.incremental:
        return
    stale = Counter(name for name, synced_at in tally.synced if name in last.types and synced_at < last.started_at)
    if stale:
        listed = ", ".join(f"{count} {name}" for name, count in sorted(stale.items()))
        yield (
            f"{stale.total()} rows ({listed}) are older than the last extraction, of {last.started_at}: these objects"
            " may have been deleted in Looker before it"
        )


def _duplicates(repeated: Mapping[str, set[str]]) -> Iterator[str]:
    for name, ids in repeated.items():
        if ids:
            shown = ", ".join(sorted(ids)[:_SHOWN]) + (", ..." if len(ids) > _SHOWN else "")
            yield f"{len(ids)} {name} objects have more than one copy; using the newest: {shown}"


def _missing(present: set[str]) -> Iterator[str]:
    missing = [name for name in schema.VAULT_TYPES if name not in present | NEVER_BACKED_UP]
    if missing:
        yield f"the backup holds no {', no '.join(missing)}; objects that refer to them need them in the destination"
