"""The statements of ``queries.sql`` by name, read once."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from importlib.resources import files
from types import MappingProxyType

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def read_sql(name: str) -> str:
    """Text of a ``.sql`` file of this package."""
    return files(__package__).joinpath(name).read_text("utf-8")


def statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one, so that they can run in a transaction (``executescript`` commits)."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending.strip()
            pending = ""


def parse_queries(text: str) -> dict[str, str]:
    """Split ``-- name:`` sections into name → SQL; a name given twice is a ValueError."""
    found: dict[str, str] = {}
    sections = _NAME.split(text)
    for name, sql in zip(sections[1::2], sections[2::2], strict=True):
        if name in found:
            raise ValueError(f"queries.sql has two statements named {name}")
        found[name] = sql.strip()
    return found


QUERIES = MappingProxyType(parse_queries(read_sql("queries.sql")))
