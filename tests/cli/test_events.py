"""``--events`` and ``progress=`` in whole runs, and the file under all that can happen to it."""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from pathlib import Path

import msgspec
import pytest

import lrestore
from lrestore.cli.events import EventFile, announcing
from lrestore.errors import LrestoreError, StateError, UsageError
from lrestore.json_types import JsonObject
from lrestore.report.events import AnyEvent, Event, SessionEnded, SessionStarted, WarningGiven
from lrestore.report.summary import markdown_summary
from lrestore.simulator.world import worldfile
from lrestore.simulator.world.backup import Extraction, write_backup
from lrestore.simulator.world.world import Sizes, make_world
from lrestore.vault.schema import VAULT_TYPES
from lrestore.vault.shard import ShardWriter
from tests.run.cli_harness import MADE

SIZES = Sizes(users=2, groups=2, folders=2, depth=1, looks=12, dashboards=1, tiles=1, filters=1, boards=0, plans=0)
WARNING = WarningGiven(text="slow")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup with one corrupt look, and a settings file for the embedded simulator."""
    folder = tmp_path_factory.mktemp("events")
    world = make_world(SIZES)
    write_backup(world, folder / "vault.db", Extraction(at=MADE))
    worldfile.save(world, folder / "world.ndjson")
    with ShardWriter(folder / "vault.db") as shard:
        shard.execute(
            "UPDATE content_items SET content_data = x'00' WHERE content_type = ? AND id = '1'",
            [VAULT_TYPES["look"].number],
        )
    (folder / "c.toml").write_text(
        f'[source]\npath = "{folder}/vault.db"\n[destination]\nbase_url = "simulator"\n'
        f'simulator_world = "{folder}/world.ndjson"\n[state]\npath = "{folder}/state.db"\n[run]\nworkers = 1\n'
    )
    return folder


def lines(file: Path) -> list[Event]:
    return [msgspec.json.decode(line, type=AnyEvent) for line in file.read_bytes().splitlines()]


@pytest.mark.parametrize("select", ["look", "look=1,2"], ids=["several processes", "one process"])
def test_file_and_callable_get_the_events_of_a_restore(folder: Path, select: str) -> None:
    got: list[Event] = []
    file, short = folder / "events.jsonl", folder / "summary.md"
    report = lrestore.restore(folder / "c.toml", select=[select], progress=got.append, events=file, summary=short)
    assert lines(file) == got
    assert short.read_text(encoding="utf-8") == markdown_summary(report)
    counts = Counter(json.loads(line)["event"] for line in file.read_bytes().splitlines())
    assert counts["item_finished"] == report.totals.selected
    assert counts["dead_letter"] == report.totals.failed == 1
    assert (counts["session_started"], counts["session_ended"]) == (1, 1) and counts["progress"]
    end = got[-1]
    assert isinstance(end, SessionEnded)
    assert (end.totals, end.status, end.session_id) == (report.totals, "finished", report.session_id)


@pytest.mark.parametrize("mode", ["plan", "verify", "dry_run"])
def test_modes_that_write_nothing_tell_each_item_too(folder: Path, mode: str) -> None:
    got: list[Event] = []
    how: dict[str, JsonObject] = {"plan": {"plan": True}, "verify": {"verify": "alone"}, "dry_run": {"dry_run": True}}
    report = lrestore.restore(folder / "c.toml", select=["look=1,2"], progress=got.append, **how[mode])
    counts = Counter(json.loads(msgspec.json.encode(event))["event"] for event in got)
    assert (counts["item_finished"], counts["dead_letter"]) == (report.totals.selected, 1) == (2, 1)
    told = [event for event in got if not isinstance(event, WarningGiven)]
    assert isinstance(told[0], SessionStarted) and {event.session_id for event in told} == {report.session_id}


def test_a_new_session_replaces_the_file_and_a_resumed_one_appends(tmp_path: Path) -> None:
    file = tmp_path / "events"
    for text in ("one", "two"):
        new = EventFile(file, append=False)
        new(WarningGiven(text=text))
        new.close()
    assert lines(file) == [WarningGiven(text="two")]
    file.write_bytes(file.read_bytes() + b'{"event":"warning","tex')
    resumed = EventFile(file, append=True)
    resumed(WARNING)
    resumed.close()
    assert file.read_bytes().splitlines()[2:] == [msgspec.json.encode(WARNING)]


def test_a_wrong_command_line_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "events"
    file.write_bytes(b'{"event":"old"}\n')
    with pytest.raises(UsageError), announcing(file):
        raise UsageError("nothing is selected")
    assert file.read_bytes() == b'{"event":"old"}\n'
    with pytest.raises(StateError), announcing(file):
        raise StateError("locked")
    (end,) = lines(file)
    assert isinstance(end, SessionEnded) and (end.status, end.reason) == ("not-started", "locked")


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "vault.db"
    file.write_bytes(b"SQLite format 3\0")
    with pytest.raises(UsageError, match="does not hold the events of an earlier run"), announcing(file):
        pass
    assert file.read_bytes() == b"SQLite format 3\0"


def test_a_full_disk_ends_the_events_and_not_the_run(caplog: pytest.LogCaptureFixture) -> None:
    with announcing(Path("/dev/full")) as announcer:
        announcer.warning("one")
        announcer.warning("two")
    told = [record.getMessage() for record in caplog.records]
    assert told == ["no further events are passed on: --events /dev/full: cannot be written: No space left on device"]


def test_a_reader_that_ends_is_told_as_a_failure(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    heard: list[bytes] = []

    def read_one() -> None:
        with fifo.open("rb") as reader:
            heard.append(reader.readline())

    reader = threading.Thread(target=read_one)
    reader.start()
    file = EventFile(fifo, append=False)
    file(WARNING)
    reader.join()
    assert heard == [msgspec.json.encode(WARNING) + b"\n"]
    with pytest.raises(LrestoreError, match="cannot be written: Broken pipe"):
        file(WARNING)
    file.close()


def test_a_fifo_without_a_reader_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lrestore.cli.events._READER_WITHIN_S", 0.0)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with pytest.raises(UsageError, match="no program reads this FIFO"):
        EventFile(fifo, append=False)


def test_a_reader_that_does_not_read_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lrestore.cli.events._ROOM_WITHIN_S", 0.0)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    file = EventFile(fifo, append=False)
    try:
        with pytest.raises(LrestoreError, match="cannot be written: its reader does not read"):
            file(WarningGiven(text="x" * 2**21))
    finally:
        file.close()
        os.close(reader)
