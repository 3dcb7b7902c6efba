"""The rows of a backup file without their content, in one pass: SQLite reads all of the file for it."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field

from lrestore.vault import fingerprint, rows, schema
from lrestore.vault.files import OpenFile
from lrestore.vault.times import has_offset, utc_iso


@dataclass(slots=True)
class Survey:
    """The facts of one pass. ``digest`` identifies the rows, see :mod:`lrestore.vault.fingerprint`; ``plain`` and
    ``composite`` count the rows of each type by the way in which their ids are written; ``naive`` those with a time of
    no zone; ``unknown`` those of unknown types.
    """

    digest: str = ""
    newest: str = ""
    """The last time at which a row was taken from Looker."""
    plain: Counter[str] = field(default_factory=Counter)
    composite: Counter[str] = field(default_factory=Counter)
    naive: int = 0
    unknown: Counter[object] = field(default_factory=Counter)
    synced: list[tuple[str, str]] = field(default_factory=list)
    """(type, time) of each row that is not marked deleted."""


def survey(file: OpenFile) -> Survey:
    """Read the rows of a file. Raises :class:`VaultError` if SQLite cannot read on."""
    found, digest = Survey(), hashlib.sha256()
    for row in rows.fetch(file, fingerprint.QUERY):
        fingerprint.add(digest, row)
        number, row_id, synced_at, deleted_at, _ = row
        synced = utc_iso(synced_at)
        found.newest = max(found.newest, synced)
        kind = schema.TYPE_BY_NUMBER.get(number)
        if kind is None:
            found.unknown[number] += 1
            continue
        (found.composite if str(row_id).startswith(kind.prefix) else found.plain)[kind.name] += 1
        found.naive += not has_offset(str(synced_at))
        if deleted_at is None:
            found.synced.append((kind.name, synced))
    found.digest = digest.hexdigest()
    return found
