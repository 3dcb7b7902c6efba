"""Id mappings that LookerVault's own restore recorded in the backup file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lrestore.messages import ObjectMapping
from lrestore.vault import rows, schema
from lrestore.vault.files import OpenFile

_COLUMNS = frozenset({"source_instance", "content_type", "source_id", "destination_id", "created_at"})
_ALONE = """
SELECT source_instance, NULL, content_type, source_id, destination_id FROM id_mappings ORDER BY created_at, source_id"""
_WITH_SESSIONS = """
SELECT mapped.source_instance, session.destination_instance, content_type, source_id, destination_id
FROM id_mappings AS mapped LEFT JOIN restoration_sessions AS session ON session.id = mapped.session_id
ORDER BY mapped.created_at, source_id"""


@dataclass(frozen=True, slots=True)
class ForeignMapping:
    """One row. ``destination`` is "" where the file does not say into which instance that restore went."""

    mapping: ObjectMapping
    source: str
    destination: str


def of_files(files: Sequence[OpenFile]) -> Iterator[ForeignMapping]:
    """The mappings of all files, oldest first within a file; ids without the type that some are prefixed with.

    A table of that name without LookerVault's columns belongs to another program.
    """
    for file in files:
        columns = _columns(file, "id_mappings")
        if not columns >= _COLUMNS:
            continue
        has_sessions = "session_id" in columns and _columns(file, "restoration_sessions") >= {
            "id",
            "destination_instance",
        }
        query = _WITH_SESSIONS if has_sessions else _ALONE
        for source, destination, number, source_id, destination_id in rows.fetch(file, query):
            kind = schema.TYPE_BY_NUMBER.get(number)
            if kind is not None and source_id is not None and destination_id is not None:
                mapping = ObjectMapping(kind.name, str(source_id).removeprefix(kind.prefix), str(destination_id))
                yield ForeignMapping(mapping, str(source or ""), str(destination or ""))


def _columns(file: OpenFile, table: str) -> frozenset[str]:
    return frozenset(row[1] for row in rows.fetch(file, f"PRAGMA table_info({table})"))
