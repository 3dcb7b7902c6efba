"""Small backups for tests, in every version of the format, sound or broken on purpose."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from lrestore.json_types import JsonObject
from lrestore.vault import schema

SYNCED_AT = "2026-03-01T12:00:00+00:00"
MADE_AT = datetime(2024, 3, 5, 6, 7, 8, 123000, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of content_items. ``content`` as bytes is stored as it is; ``stated_size`` lies about its length."""

    type: str
    content: Mapping[str, Any] | bytes | str | None
    id: str = "1"
    name: str = "a name"
    owner_id: int | None = None
    created_at: str = "2024-01-01T00:00:00+00:00"
    updated_at: str = "2024-02-01T00:00:00+00:00"
    synced_at: str = SYNCED_AT
    deleted_at: str | None = None
    folder_id: str | None = None
    stated_size: int | None = None
    number: int | None = None

    def columns(self) -> dict[str, object]:
        data = self.content if isinstance(self.content, bytes | str) else msgspec.msgpack.encode(self.content)
        return {
            "id": self.id,
            "content_type": self.number or schema.VAULT_TYPES[self.type].number,
            "name": self.name,
            "owner_id": self.owner_id,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "synced_at": self.synced_at,
            "deleted_at": self.deleted_at,
            "content_size": len(data) if self.stated_size is None else self.stated_size,
            "content_data": data,
            "folder_id": self.folder_id,
        }


@dataclass(frozen=True, kw_only=True)
class SessionRow:
    """A row of extraction_sessions; ``types`` by number."""

    started_at: str = "2026-03-01T11:00:00+00:00"
    status: str = "completed"
    error_count: int = 0
    types: Sequence[int] = tuple(range(1, 13))
    incremental: bool = False


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """Further statements of a file about itself: (version, applied_at) rows, and extractions."""

    versions: Sequence[tuple[int, str]]
    sessions: Sequence[SessionRow] = field(default_factory=tuple)


def build(path: Path, rows: Sequence[Row], *, version: int = 4, recorded: Recorded | None = None) -> Path:
    """Write a backup file and return its path."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA page_size = {schema.PAGE_SIZE_BYTES}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN")
        for statement in schema.ddl(version):
            connection.execute(statement)
        for row in rows:
            insert(connection, row, version=version)
        _record(connection, recorded or Recorded(versions=[(version, "2026-01-01T00:00:00")]))
        connection.execute("COMMIT")
    return path


def insert(connection: sqlite3.Connection, row: Row, *, version: int = 4) -> None:
    """Add a row to an open file."""
    columns = row.columns()
    if version == 1:
        del columns["folder_id"]
    names = ", ".join(columns)
    marks = ", ".join(f":{name}" for name in columns)
    connection.execute(f"INSERT INTO content_items ({names}) VALUES ({marks})", columns)


def _record(connection: sqlite3.Connection, recorded: Recorded) -> None:
    connection.executemany("INSERT INTO schema_version VALUES (?, ?, '')", recorded.versions)
    for number, session in enumerate(recorded.sessions):
        id = f"session-{number}"
        config = msgspec.json.encode({"content_types": list(session.types)}).decode()
        connection.execute(
            "INSERT INTO extraction_sessions (id, started_at, status, error_count, config) VALUES (?, ?, ?, ?, ?)",
            (id, session.started_at, session.status, session.error_count, config),
        )
        data = msgspec.json.encode({"incremental": session.incremental}).decode()
        connection.execute(
            "INSERT INTO sync_checkpoints (session_id, content_type, checkpoint_data, started_at) VALUES (?, 1, ?, '')",
            (id, data),
        )


def dashboard(id: str = "1", title: str = "Sales", **more: object) -> JsonObject:
    """Content of a dashboard with one tile, with a timestamp and free-form maps as real ones have."""
    tile = {
        "id": f"{id}1",
        "title": "Tile",
        "type": "vis",
        "query_id": "77",
        "query": {
            "id": "77",
            "model": "m",
            "view": "v",
            "fields": ["v.a"],
            "limit": "500",
            "vis_config": {"x": [1, 2.5, None]},
        },
        "deleted": None,
    }
    base = {
        "id": id,
        "title": title,
        "created_at": MADE_AT,
        "user_id": "7",
        "folder_id": "5",
        "dashboard_elements": [tile],
    }
    return {**base, **more}


def named(id: str = "1", name: str = "Group", **more: object) -> JsonObject:
    """Content of a group, folder, role, set or plan."""
    return {"id": id, "name": name, **more}


SAMPLES: dict[str, JsonObject] = {
    "dashboard": dashboard(),
    "look": {"id": "1", "title": "Look", "query_id": "77", "folder_id": "5", "updated_at": MADE_AT},
    "lookml_model": {"name": "thelook", "project_name": "p", "explores": [{"name": "orders", "hidden": False}]},
    "folder": named(name="Shared", parent_id="5", child_count=0),
    "board": {
        "id": "1",
        "title": "Board",
        "board_sections": [{"id": "3", "board_items": [{"id": "4", "look_id": "1"}]}],
    },
    "user": {"id": "1", "email": "ada@example.com", "display_name": "Ada", "group_ids": ["1"]},
    "group": named(),
    "role": named(name="Viewer", permission_set={"id": "1", "permissions": ["see_looks"]}),
    "permission_set": named(name="Set", permissions=["see_looks"]),
    "model_set": named(name="Models", models=["thelook"]),
    "scheduled_plan": named(name="Daily", crontab="0 6 * * *", enabled=True, scheduled_plan_destination=[{"id": "9"}]),
}
"""One sound object of each type that backups hold."""


def row_of(type: str, **more: Any) -> Row:
    """A sound row of a type."""
    content = SAMPLES[type]
    return Row(
        **{
            "type": type,
            "content": content,
            "id": content.get("id", content.get("name")),
            **more,
        }
    )
