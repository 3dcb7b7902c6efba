"""Schema versions of the state file: ``user_version`` counts them, one step leads from each to the next."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from lrestore.state.queries import read_sql, statements

APPLICATION_ID = 0x6C72_7374
"""``lrst`` in SQLite's header distinguishes a state file from a backup and from other SQLite files."""

STEPS: tuple[str, ...] = (
    """
CREATE TABLE specifications (
    destination       TEXT NOT NULL,
    looker_version    TEXT NOT NULL,
    lrestore_version  TEXT NOT NULL,
    content           TEXT NOT NULL,
    fetched_at        TEXT NOT NULL,
    PRIMARY KEY (destination, looker_version)
);
    """,
    """
ALTER TABLE id_mappings ADD COLUMN destination_created_at TEXT NOT NULL DEFAULT '';
ALTER TABLE id_mappings ADD COLUMN natural_key TEXT NOT NULL DEFAULT '';
    """,
    """
ALTER TABLE id_mappings ADD COLUMN closed_at TEXT;
ALTER TABLE sessions ADD COLUMN discarded_at TEXT;
    """,
    """
CREATE TABLE paces (
    session_id  TEXT PRIMARY KEY REFERENCES sessions (id),
    calls       INTEGER NOT NULL,
    latency_ms  REAL NOT NULL,
    per_second  REAL NOT NULL,
    reached     REAL NOT NULL
);
    """,
    """
ALTER TABLE sessions ADD COLUMN os_user TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN command TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN backed_up_at TEXT NOT NULL DEFAULT '';
    """,
    """
ALTER TABLE paces ADD COLUMN latencies TEXT NOT NULL DEFAULT '{}';
    """,
)
"""SQL that migrates version n to n + 1, beginning with n = 1. Never edited once released."""


@dataclass(frozen=True, slots=True)
class StateSchema:
    """The current tables, and the steps from every older version."""

    tables: str
    steps: tuple[str, ...]

    @property
    def version(self) -> int:
        return len(self.steps) + 1


CURRENT = StateSchema(read_sql("schema.sql"), STEPS)


def schema_version(connection: sqlite3.Connection) -> int:
    """The schema version of the file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def create(connection: sqlite3.Connection, schema: StateSchema) -> None:
    """Fill an empty database: all tables, application id and version in one transaction."""
    connection.execute("BEGIN IMMEDIATE")
    for statement in statements(schema.tables):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {schema.version}")
    connection.execute("COMMIT")


def migrate(connection: sqlite3.Connection, schema: StateSchema) -> None:
    """Migrate an older file to ``schema``, all steps in one transaction.

    Foreign keys must still be off on this connection, because a step may rebuild a table.
    """
    connection.execute("BEGIN IMMEDIATE")
    for step in schema.steps[schema_version(connection) - 1 :]:
        for statement in statements(step):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {schema.version}")
    connection.execute("COMMIT")
