"""The extractions that a backup file has on record."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from lrestore.json_types import JsonObject
from lrestore.vault import rows, schema
from lrestore.vault.files import OpenFile
from lrestore.vault.times import utc_iso

_COLUMNS: Final = frozenset(["id", "started_at", "status", "error_count", "config"])


@dataclass(frozen=True, slots=True)
class Session:
    """One run of LookerVault's extract. ``types`` are those it was asked for, all if that is not on record."""

    started_at: str
    status: str
    errors: int
    types: frozenset[str]
    incremental: bool


def of_file(file: OpenFile) -> list[Session]:
    """The sessions of a file, oldest first; none if the table is missing or has other columns."""
    columns = {row[1] for row in rows.fetch(file, "PRAGMA table_info(extraction_sessions)")}
    if not columns >= _COLUMNS:
        return []
    partial = _incremental(file)
    query = "SELECT id, started_at, status, error_count, config FROM extraction_sessions"
    found = [
        Session(utc_iso(started_at), str(status), _count(errors), _types(config), session_id in partial)
        for session_id, started_at, status, errors, config in rows.fetch(file, query)
    ]
    return sorted(found, key=lambda session: session.started_at)


def _incremental(file: OpenFile) -> set[object]:
    columns = {row[1] for row in rows.fetch(file, "PRAGMA table_info(sync_checkpoints)")}
    if not columns >= {"session_id", "checkpoint_data"}:
        return set()
    query = "SELECT session_id, checkpoint_data FROM sync_checkpoints"
    return {session_id for session_id, data in rows.fetch(file, query) if _json(data).get("incremental")}


def _types(config: object) -> frozenset[str]:
    numbers = _json(config).get("content_types")
    if not isinstance(numbers, list):
        return frozenset(schema.VAULT_TYPES)
    return frozenset(kind.name for kind in schema.VAULT_TYPES.values() if kind.number in numbers)


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0


def _json(text: object) -> JsonObject:
    try:
        value = json.loads(str(text))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
