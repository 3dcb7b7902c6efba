"""``--show`` prints the content of state file and backup, without a call and without credentials."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from lrestore.cli.main import main
from lrestore.clock import utc_now
from lrestore.messages import DeadLetter, FieldError, Intent, ItemKey, ItemResult, ObjectMapping
from lrestore.state.records import RestorationSession
from lrestore.state.writer import StateWriter
from lrestore.text.direction import BEGIN, END
from lrestore.vault.shard import ShardWriter
from tests.cli.command import environment
from tests.waiting import HANG_S

SESSION = "20261123-104500-ab12"
RETRY = "20261123-110000-cd34"
LETTER = DeadLetter(
    type="look",
    id="3",
    name="Bad\x1b[31m look",
    error_type="ValidationError",
    message="Looker refuses it",
    failed_at="2026-11-23T10:45:01.000Z",
    status=422,
    errors=(FieldError("query_id", "missing", "is needed"),),
    stack_trace="Traceback ...",
)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a backup and a state file of one session; no destination, no credentials."""
    monkeypatch.chdir(tmp_path)
    Path("lrestore.toml").write_text('[source]\npath = "vault.db"\n', encoding="utf-8")
    with ShardWriter("vault.db") as shard:
        shard.put("folder", "7", "Sales, north", {"id": "7", "name": "Sales, north", "parent_id": "1"})
        shard.put("folder", "8", "Gone", {"id": "8", "name": "Gone", "parent_id": "1"}, deleted_at=utc_now())
    with StateWriter.open("lrestore-state.db", now=utc_now) as writer:
        writer.begin_session(
            RestorationSession(
                id=SESSION, mode="restore", source_instance="prod", source_paths=("vault.db",), destination="looker"
            )
        )
        key = ItemKey("folder", "7")
        mapping = ObjectMapping("folder", "7", "70")
        writer.record_result(SESSION, ItemResult(key, "Sales", "created", "70", mappings=(mapping,)), None)
        failed = ItemResult(ItemKey("look", "3"), LETTER.name, "failed", dead_letter=LETTER)
        writer.record_result(SESSION, failed, b"the blob")
    return tmp_path


def _shown(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert main(["--show", *argv]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out


def _rows(text: str) -> Sequence[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_sessions_in_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    assert SESSION in _shown(capsys, "sessions")
    assert json.loads(_shown(capsys, "sessions", "--format", "json"))[0]["id"] == SESSION
    assert _rows(_shown(capsys, "sessions", "--format", "csv"))[0]["session"] == SESSION


@pytest.mark.parametrize("which", ["session", f"session={SESSION}", "session=20261123"])
def test_one_session_is_found_by_its_id_or_as_the_last(which: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = _shown(capsys, which)
    assert "running (resumable)" in shown and "folder" in shown
    found = json.loads(_shown(capsys, which, "--format", "json"))
    assert found["id"] == SESSION and found["by_type"]["look"]["failed"] == 1
    assert {row["type"] for row in _rows(_shown(capsys, which, "--format", "csv"))} == {"folder", "look"}


def test_a_session_that_does_not_exist_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--show", "session=nope"]) == 2
    assert "nope" in capsys.readouterr().err


def test_dead_letters_in_json_have_their_context_without_the_content(capsys: pytest.CaptureFixture[str]) -> None:
    (letter,) = json.loads(_shown(capsys, "dead-letters", "--format", "json"))
    assert letter["status"] == 422 and letter["errors"][0]["field"] == "query_id"
    assert letter["stack_trace"] == "Traceback ..." and letter["session_id"] == SESSION
    assert letter["content_bytes"] == len(b"the blob") and "the blob" not in str(letter)


def test_dead_letters_as_text_name_lookers_reasons_and_escape_control_characters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = _shown(capsys, f"dead-letters={SESSION}")
    assert "look=3 Bad\\x1b[31m look" in shown and "query_id: is needed (missing)" in shown


def _retried(*results: ItemResult) -> None:
    """A later session for the same destination."""
    with StateWriter.open("lrestore-state.db", now=utc_now) as writer:
        writer.begin_session(
            RestorationSession(
                id=RETRY, mode="restore", source_instance="prod", source_paths=("vault.db",), destination="looker"
            )
        )
        for result in results:
            writer.record_result(RETRY, result)


def test_an_item_that_failed_again_is_listed_once_with_its_newest_letter(capsys: pytest.CaptureFixture[str]) -> None:
    again = msgspec.structs.replace(LETTER, message="Looker still refuses it", failed_at="2026-11-23T11:00:00.000Z")
    _retried(ItemResult(ItemKey("look", "3"), LETTER.name, "failed", dead_letter=again))
    (letter,) = json.loads(_shown(capsys, "dead-letters", "--format", "json"))
    assert (letter["session_id"], letter["message"]) == (RETRY, "Looker still refuses it")
    assert len(_rows(_shown(capsys, "dead-letters", "--format", "csv"))) == 1
    assert _shown(capsys, "dead-letters").count("look=3") == 1


def test_a_restored_item_is_no_longer_open_and_its_session_names_the_one_that_restored_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _retried(ItemResult(ItemKey("look", "3"), LETTER.name, "updated", "3"))
    assert _shown(capsys, "dead-letters") == "no dead letters\n"
    assert _shown(capsys, f"dead-letters={SESSION}").startswith("1 item restored since")
    assert f"look=3 Bad\\x1b[31m look by session {RETRY}" in _shown(capsys, f"dead-letters={SESSION}", "-v")


def test_dead_letters_name_time_remedy_and_the_command_to_retry(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = _shown(capsys, "dead-letters")
    assert "failed at 2026-11-23 10:45:01Z" in shown and "what to do: correct in Looker" in shown
    assert shown.splitlines()[-1] == f"retry with: lrestore --retry-dead-letters {SESSION}"
    Path("other.toml").write_bytes(Path("lrestore.toml").read_bytes())
    shown = _shown(capsys, "dead-letters", "--config", "other.toml")
    assert shown.splitlines()[-1] == f"retry with: lrestore --config other.toml --retry-dead-letters {SESSION}"


def test_dead_letters_as_json_have_their_cause(capsys: pytest.CaptureFixture[str]) -> None:
    (letter,) = json.loads(_shown(capsys, "dead-letters", "--format", "json"))
    assert letter["cause"] == "Looker refuses it; query_id: is needed"


def test_a_csv_of_dead_letters_is_a_selection(capsys: pytest.CaptureFixture[str]) -> None:
    assert [row["spec"] for row in _rows(_shown(capsys, "dead-letters", "--format", "csv"))] == ["look=3"]


@pytest.mark.parametrize("which", ["mappings", "mappings=folder", "mappings=Folders"])
def test_mappings_of_all_types_or_of_one(which: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(_shown(capsys, which, "--format", "json"))[0]["destination_id"] == "70"
    assert _rows(_shown(capsys, which, "--format", "csv"))[0]["source_id"] == "7"
    assert "70" in _shown(capsys, which)


@pytest.mark.parametrize("object_id", ["7", "70"])
def test_a_mapping_is_found_by_the_id_of_either_side(object_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = json.loads(_shown(capsys, f"mappings=folder={object_id}", "--format", "json"))
    assert (found["source_id"], found["destination_id"]) == ("7", "70")
    (row,) = _rows(_shown(capsys, f"mappings=folder={object_id}", "--format", "csv"))
    assert found["name"] == row["name"] == "Sales"
    assert "70" in _shown(capsys, f"mappings=folder={object_id}")


def test_a_mapping_comes_with_the_parts_that_were_created_for_its_object(capsys: pytest.CaptureFixture[str]) -> None:
    key = ItemKey("dashboard", "42")
    with StateWriter.open("lrestore-state.db", now=utc_now) as writer:
        writer.open_intent(SESSION, Intent(key, part="dashboard_element/5"))
        writer.record_mappings(
            SESSION, [ObjectMapping("dashboard_element", "5", "500"), ObjectMapping("dashboard", "42", "420")]
        )
    found = json.loads(_shown(capsys, "mappings=dashboard=420", "--format", "json"))
    assert [(one["content_type"], one["source_id"], one["destination_id"]) for one in found] == [
        ("dashboard", "42", "420"),
        ("dashboard_element", "5", "500"),
    ]


def test_what_has_no_counterpart_yet_is_listed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LRESTORE_DESTINATION_BASE_URL", "https://looker.invalid:19999")
    monkeypatch.setenv("LRESTORE_DESTINATION_NAME", "looker")
    monkeypatch.setenv("LRESTORE_SOURCE_INSTANCE", "prod")
    with ShardWriter("vault.db") as shard:
        shard.put("folder", "9", "New", {"id": "9", "name": "New", "parent_id": "1"})
        shard.put("role", "4", "Reader", {"id": "4", "name": "Reader"})
        shard.put("group", "1", "All Users", {"id": "1", "name": "All Users", "include_by_default": True})
    specs = [row["spec"] for row in _rows(_shown(capsys, "unmapped", "--format", "csv"))]
    assert sorted(specs) == ["folder=9", "role=4"]
    assert [row["id"] for row in json.loads(_shown(capsys, "unmapped=folders", "--format", "json"))] == ["9"]
    assert _shown(capsys, "unmapped=folder").endswith("1 item without a counterpart in looker\n")
    _retried(ItemResult(ItemKey("role", "4"), "Reader", "unchanged", "4"))
    assert _shown(capsys, "unmapped=role") == "every item of the backup has a recorded counterpart in looker\n"


def test_mappings_of_a_type_that_has_none_are_an_empty_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(_shown(capsys, "mappings=look", "--format", "json")) == []


def test_mappings_of_an_unknown_type_are_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--show", "mappings=spoon"]) == 2
    assert "spoon" in capsys.readouterr().err
    assert main(["--show", "mappings=dashbord_element"]) == 2
    assert "did you mean dashboard_element?" in capsys.readouterr().err


def test_the_source_as_json_has_the_keys_of_the_interface(capsys: pytest.CaptureFixture[str]) -> None:
    shown = json.loads(_shown(capsys, "source", "--format", "json"))
    assert set(shown) == {
        *("files", "schema_versions", "items", "corrupt", "deleted", "by_type"),
        *("synced_from", "synced_to", "warnings"),
    }
    assert (shown["items"], shown["deleted"], shown["corrupt"]) == (1, 1, 0)
    assert set(shown["by_type"]["folder"]) == {"items", "corrupt", "deleted", "bytes"}


def test_the_source_as_text_shows_counts_and_size(capsys: pytest.CaptureFixture[str]) -> None:
    shown = _shown(capsys, "source")
    assert "vault.db" in shown and "folder" in shown and "total" in shown


def test_the_source_as_csv_is_a_selection(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = _shown(capsys, "source", "--format", "csv")
    assert listed.splitlines()[0] == "spec,name,updated_at,size_bytes,status"
    assert [(row["spec"], row["status"]) for row in _rows(listed)] == [("folder=7", "ok"), ("folder=8", "deleted")]
    (place / "list.csv").write_text(listed, encoding="utf-8")
    assert main(["--select", "@list.csv", "--include-deleted", "--dry-run", "-q"]) == 0
    assert "folder=7" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "specs"),
    [
        (["--name", "Sales*"], ["folder=7"]),
        (["--exclude", "folder=7"], ["folder=8"]),
        (["--select", "folder=8"], ["folder=8"]),
        (["--select", "look"], []),
        (["--folder", "7"], ["folder=7"]),
    ],
)
def test_the_source_is_narrowed_by_selection(
    flags: list[str], specs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """CSV and counts agree; deleted items stay in both."""
    listed = _shown(capsys, "source", *flags, "--format", "csv")
    assert [row["spec"] for row in _rows(listed)] == specs
    counts = json.loads(_shown(capsys, "source", *flags, "--format", "json"))
    assert counts["items"] + counts["deleted"] == len(specs)


def test_show_reports_a_missing_state_file(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "lrestore-state.db").unlink()
    assert main(["--show", "sessions"]) == 3
    assert "lrestore-state.db" in capsys.readouterr().err


def test_a_narrow_terminal_gets_lines_instead_of_a_table_and_names_in_order() -> None:
    session = RestorationSession(
        id=RETRY, mode="restore", source_instance="p", source_paths=("v.db",), destination="looker", reason="שלום"
    )
    with StateWriter.open("lrestore-state.db", now=utc_now) as writer:
        writer.begin_session(session)
    lines = _on_a_terminal("sessions", 60)
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == [SESSION, RETRY]
    assert lines[-1].endswith(f": {BEGIN}שלום{END}")
    mapped = _on_a_terminal("mappings", 60)
    assert mapped[0].endswith(f", session {SESSION}") and mapped[1:] == ["  folder=7 → 70 Sales"]


def _on_a_terminal(what: str, width: int) -> list[str]:
    ours, theirs = pty.openpty()
    try:
        command = [sys.executable, "-m", "lrestore", "--show", what]
        environ = environment(COLUMNS=str(width), TERM="dumb")
        subprocess.run(command, stdout=theirs, env=environ, timeout=HANG_S, check=True)
        return os.read(ours, 65536).decode().splitlines()
    finally:
        os.close(theirs)
        os.close(ours)
