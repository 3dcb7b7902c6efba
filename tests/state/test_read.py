"""Finding sessions, and reading while another process writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.errors import StateError, UsageError
from lrestore.messages import Totals
from lrestore.state.read import StateReader
from lrestore.state.records import RestorationSession
from lrestore.state.writer import StateWriter
from tests.state.builders import SESSION, noon, result, session


@pytest.fixture
def reader(path: Path) -> Iterator[StateReader]:
    with StateWriter.open(path, now=noon) as writer:
        for number, session_id in enumerate(("20261101-a", "20261102-b", "20261102-bc")):
            writer.begin_session(session(session_id, started_at=f"2026-11-0{number + 1}T00:00:00.000Z"))
        writer.end_session("20261102-b", "interrupted", Totals())
        writer.end_session("20261102-bc", "finished", Totals())
    with StateReader.open(path) as opened:
        yield opened


def test_a_missing_state_file_is_reported(path: Path) -> None:
    with pytest.raises(StateError, match="nothing is recorded yet"):
        StateReader.open(path)
    assert not path.exists()


def test_sessions_are_listed_oldest_first(reader: StateReader) -> None:
    assert [found.id for found in reader.sessions()] == ["20261101-a", "20261102-b", "20261102-bc"]


@pytest.mark.parametrize(
    ("reference", "found"),
    [("last", "20261102-bc"), ("20261101", "20261101-a"), ("20261102-b", "20261102-b"), ("20261102-bc", "20261102-bc")],
)
def test_a_session_is_found_by_id_prefix_or_last(reader: StateReader, reference: str, found: str) -> None:
    assert reader.session(reference).id == found


def test_an_ambiguous_prefix_lists_its_sessions(reader: StateReader) -> None:
    with pytest.raises(UsageError, match="20261102-b, 20261102-bc"):
        reader.session("20261102")


@pytest.mark.parametrize("reference", ["nope", "%", "2026110_", "20261101-a-longer"])
def test_an_unknown_session_is_a_usage_error(reader: StateReader, reference: str) -> None:
    with pytest.raises(UsageError, match="no session"):
        reader.session(reference)


def test_resume_uses_the_last_unfinished_session(reader: StateReader) -> None:
    found = reader.last_unfinished()
    assert isinstance(found, RestorationSession)
    assert found.id == "20261102-b"
    assert reader.unfinished_ids() == {"20261101-a", "20261102-b"}


def test_counts_come_from_the_results_even_after_a_kill(writer: StateWriter, path: Path) -> None:
    writer.record_result(SESSION, result("created", "1"))
    writer.record_result(SESSION, result("failed", "2"))
    with StateReader.open(path) as reader:
        assert reader.totals_by_type(SESSION) == {"dashboard": Totals(selected=2, created=1, failed=1)}


def test_a_reader_cannot_write(writer: StateWriter, path: Path) -> None:
    with StateReader.open(path) as reader:
        twin = StateWriter(reader._file.connection, path, noon)
        with pytest.raises(StateError, match="read-only"):
            twin.record_result(SESSION, result())


def test_a_damaged_file_is_not_saved(reader: StateReader, path: Path, tmp_path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    target = tmp_path / "saved.db"
    with pytest.raises(StateError, match="damaged"):
        reader.save(target)
    assert not target.exists()
