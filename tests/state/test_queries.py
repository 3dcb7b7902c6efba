"""All SQL is named, valid against the schema, and used."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import lrestore.state
from lrestore.state.migrations import CURRENT, create
from lrestore.state.queries import QUERIES, parse_queries, statements


@pytest.fixture(scope="module")
def empty() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        create(connection, CURRENT)
        yield connection


@pytest.mark.parametrize("name", QUERIES)
def test_each_statement_fits_the_schema(empty: sqlite3.Connection, name: str) -> None:
    parameters = dict.fromkeys(re.findall(r":(\w+)", QUERIES[name]))
    empty.execute(f"EXPLAIN {QUERIES[name]}", parameters)


@pytest.mark.parametrize("name", QUERIES)
def test_each_statement_is_used(name: str) -> None:
    folder = Path(lrestore.state.__path__[0])
    assert any(f'"{name}"' in module.read_text("utf-8") for module in folder.glob("*.py"))


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("select_mapping", "sqlite_autoindex_id_mappings"),
        ("select_mapped_sources", "id_mappings_reverse"),
        ("close_mapped_intents", "intents_open"),
        ("select_in_doubt", "intents_open_of_items"),
        ("select_open_parts", "intents_open_of_items"),
        ("select_open_tries", "intents_open_of_items"),
        ("resolve_dead_letters", "dead_letters_unresolved"),
        ("select_outcomes", "sqlite_autoindex_results"),
    ],
)
def test_a_statement_that_runs_per_item_uses_an_index(empty: sqlite3.Connection, name: str, index: str) -> None:
    parameters = dict.fromkeys(re.findall(r":(\w+)", QUERIES[name]))
    plan = empty.execute(f"EXPLAIN QUERY PLAN {QUERIES[name]}", parameters).fetchall()
    assert any(index in row[3] for row in plan)


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="two statements named a"):
        parse_queries("-- name: a\nSELECT 1;\n-- name: a\nSELECT 2;\n")


def test_statements_are_split_where_sqlite_splits_them() -> None:
    script = "CREATE TABLE a (b TEXT DEFAULT ';\n');\n-- a comment; with a semicolon\nSELECT 1;\n"
    assert len(list(statements(script))) == 2
