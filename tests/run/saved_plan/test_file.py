"""The plan file is written atomically and checked when it is read."""

from __future__ import annotations

import json
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrestore.errors import StateError, UsageError
from lrestore.json_types import JsonObject
from lrestore.messages import Totals
from lrestore.run.saved_plan.file import _digest, decoded, keep_copy, kept_copy, read_plan, write_plan
from lrestore.run.saved_plan.model import PlanDestination, PlannedItem, PlannedWrite, PlanSource, SavedPlan
from lrestore.run.saved_plan.origin import request_of_plan, settings_of_plan
from lrestore.settings import Settings

PLAN = SavedPlan(
    made_at="2026-01-01T00:00:00.000Z",
    lrestore_version="1",
    source=PlanSource("prod", ("vault.db",), "f" * 32),
    destination=PlanDestination("here", "https://looker", "26.12", "1", "Ada"),
    request={"select": ["look=1"]},
    settings={"keep_extra": False},
    totals=Totals(selected=1, updated=1),
    items=(
        PlannedItem(
            type="look",
            id="1",
            name="Größe \N{BAR CHART}",
            action="update",
            destination_id="1",
            writes=(
                PlannedWrite("update_look", "look", "1", "1", path={"look_id": "1"}, body={"title": "x", "n": 1.0}),
            ),
        ),
    ),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_plan(PLAN, tmp_path / "p.json")
    return tmp_path / "p.json"


def test_what_is_written_is_read(file: Path) -> None:
    read = read_plan(file)
    assert read.plan == PLAN
    assert json.loads(file.read_bytes())["digest"] == read.digest
    assert "Größe" in file.read_text(encoding="utf-8"), "people can read it"


def test_a_file_that_was_formatted_anew_is_the_same_plan(file: Path) -> None:
    digest = read_plan(file).digest
    file.write_text(json.dumps(json.loads(file.read_bytes()), sort_keys=True), encoding="utf-8")
    assert read_plan(file).digest == digest


def _edited(found: JsonObject) -> None:
    found["items"][0]["writes"][0]["body"]["title"] = "y"


def _reordered(found: JsonObject) -> None:
    found["items"] = [*found["items"], *found["items"]]


def _undigested(found: JsonObject) -> None:
    del found["digest"]


def _newer(found: JsonObject) -> None:
    found["schema"] = 2


def _versionless(found: JsonObject) -> None:
    found["schema"] = "1"


def _foreign(found: JsonObject) -> None:
    found["kind"] = "report"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_edited, "was edited or damaged"),
        (_reordered, "was edited or damaged"),
        (_undigested, "it has no digest"),
        (_newer, "newer lrestore: its schema is 2, this version reads 1"),
        (_versionless, "no schema version"),
        (_foreign, "is not a plan of lrestore"),
    ],
)
def test_a_changed_file_is_refused_and_it_is_said_how(file: Path, change: Any, told: str) -> None:
    found = json.loads(file.read_bytes())
    change(found)
    file.write_text(json.dumps(found), encoding="utf-8")
    with pytest.raises(UsageError, match=told):
        read_plan(file)


def test_a_file_cut_short_is_refused_with_the_place(file: Path) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UsageError, match=r"damaged or truncated: no JSON at line \d+, column \d+"):
        read_plan(file)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"[" * 100_000, b"1" * 10_000, b"null", b"[]", b"SQLite format 3\0"]
)
def test_what_is_no_plan_at_all_is_refused(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(UsageError):
        read_plan(file)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(UsageError, match="cannot be read"):
            read_plan(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.binary(max_size=400))
@settings(max_examples=300)
def test_any_bytes_are_a_plan_or_a_usage_error(content: bytes) -> None:
    _plan_or_usage_error(content)


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_any_change_of_the_file_is_a_plan_or_a_usage_error(data: st.DataObject) -> None:
    """One value is replaced by any other, with or without a digest that fits, or one byte of the file."""
    found = json.loads(_content())
    node: Any = found
    for _ in range(data.draw(st.integers(0, 5))):
        inner = node[_key(data, node)]
        if not inner or not isinstance(inner, dict | list):
            break
        node = inner
    node[_key(data, node)] = data.draw(JSON)
    if data.draw(st.booleans()):
        found.pop("digest", None)
        found["digest"] = _digest(found)
    content = bytearray(json.dumps(found).encode())
    if data.draw(st.booleans()):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    _plan_or_usage_error(bytes(content))


def _key(data: st.DataObject, node: Any) -> Any:
    return data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))


@cache
def _content() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        write_plan(PLAN, Path(folder) / "p.json")
        return (Path(folder) / "p.json").read_bytes()


def _plan_or_usage_error(content: bytes) -> None:
    with suppress(UsageError):
        found = decoded(content, "it")
        settings_of_plan(found.plan, Settings())
        request_of_plan(found.plan)


def test_the_copy_of_a_session_is_the_plan_or_the_state_is_damaged(file: Path, tmp_path: Path) -> None:
    read = read_plan(file)
    keep_copy(read, tmp_path / "state.db", "20260101-000000-abcd")
    assert kept_copy(tmp_path / "state.db", "20260101-000000-abcd", read.digest) == read
    with pytest.raises(StateError, match="another plan"):
        kept_copy(tmp_path / "state.db", "20260101-000000-abcd", "sha256:0")
    copy = tmp_path / "state.d" / "20260101-000000-abcd" / "plan.json"
    copy.write_bytes(copy.read_bytes()[:-20])
    with pytest.raises(StateError, match="is damaged"):
        kept_copy(tmp_path / "state.db", "20260101-000000-abcd", read.digest)
    copy.unlink()
    with pytest.raises(StateError, match="is missing"):
        kept_copy(tmp_path / "state.db", "20260101-000000-abcd", read.digest)
