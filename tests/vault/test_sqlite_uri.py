"""SQLite opens the file that a path names, whatever characters the path is made of."""

from __future__ import annotations

import ast
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrestore
from lrestore.vault.sqlite_uri import sqlite_uri

ROOT = Path(lrestore.__file__).parent
NAMES = st.binary(min_size=1, max_size=40).filter(
    lambda name: b"\0" not in name and b"/" not in name and name.strip(b".")
)


@given(name=NAMES)
def test_the_file_that_is_named_is_opened(tmp_path_factory: pytest.TempPathFactory, name: bytes) -> None:
    folder = tmp_path_factory.mktemp("place")
    path = folder / os.fsdecode(name)
    for mode in ("rwc", "rw", "ro"):
        with closing(sqlite3.connect(sqlite_uri(path, mode), uri=True)) as connection:
            if mode == "rwc":
                connection.execute("CREATE TABLE here (there)")
            assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("here",)]
    assert [os.fsencode(entry.name) for entry in folder.iterdir()] == [name]


@pytest.mark.parametrize("name", [":memory:", "file:other.db", "file::memory:?cache=shared", "", "//two"])
def test_names_that_sqlite_reads_in_a_way_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = f"{tmp_path}{name}" if name.startswith("//") else name or "plain"
    with closing(sqlite3.connect(sqlite_uri(path, "rwc"), uri=True)) as connection:
        connection.execute("CREATE TABLE here (there)")
    assert Path(path).stat().st_size > 0


def test_every_connection_of_the_package_is_made_by_such_a_uri() -> None:
    calls = [
        (path.name, node)
        for path in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "sqlite3.connect"
    ]
    assert len(calls) >= 6
    for name, call in calls:
        assert "uri=True" in ast.unparse(call), name
    writers = [path.name for path in ROOT.rglob("*.py") if '"file:' in path.read_text(encoding="utf-8")]
    assert writers == ["sqlite_uri.py"]
