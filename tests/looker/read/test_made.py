"""What one process of a run has written or found, the others need not read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from lrestore.credentials import Credentials
from lrestore.json_types import JsonObject
from lrestore.looker.read.existence import USERS_AT_ONCE, WORTH_A_SEARCH
from lrestore.looker.read.index_files import Shared
from lrestore.looker.read.live import Live
from lrestore.looker.read.made import Made, WrittenObject
from lrestore.looker.session import LookerSession
from lrestore.simulator.core.config import SimulatorConfig
from lrestore.simulator.http.server import RunningSimulator, start
from lrestore.simulator.world.world import Sizes, make_world
from tests.waiting import HANG_S

USERS = 30
FILE = "made.ndjson"


class Rows(list[tuple[str, JsonObject]]):
    def take(self, type_name: str, row: JsonObject) -> None:
        self.append((type_name, row))


def shared(folder: Path, run: str = "run 1") -> Shared:
    return Shared(folder, run, frozenset())


def of_another_process(folder: Path, *written: WrittenObject) -> None:
    with (folder / FILE).open("ab") as file:
        file.writelines(msgspec.json.encode(one) + b"\n" for one in written)


def test_what_another_process_has_written_is_there(tmp_path: Path) -> None:
    rows = Rows()
    made = Made(shared(tmp_path), rows.take)
    assert not made.has("folder", "7")
    of_another_process(
        tmp_path, WrittenObject("run 1", 1, "folder", "7", {"id": "7"}), WrittenObject("run 1", 1, "look", "8")
    )
    assert made.has("folder", "7")
    assert made.has("look", "8")
    assert not made.has("dashboard", "8")
    assert rows == [("folder", {"id": "7"})]


def test_an_object_is_confirmed_as_one_item_only(tmp_path: Path) -> None:
    made = Made(shared(tmp_path), Rows().take)
    made.note("look", "8", source_id="3")
    other = Made(shared(tmp_path), Rows().take)
    of_another_process(tmp_path, WrittenObject("run 1", 1, "look", "9", None, "4"))
    for one in (made, other):
        assert one.has("look", "9", "4")
        assert not one.has("look", "9", "3")
    assert made.has("look", "8", "3")
    assert made.has("look", "8")


def test_an_earlier_run_tells_nothing(tmp_path: Path) -> None:
    of_another_process(tmp_path, WrittenObject("run 0", 1, "look", "8"))
    assert not Made(shared(tmp_path), Rows().take).has("look", "8")


def test_a_line_that_was_cut_off_costs_a_read_and_nothing_else(tmp_path: Path) -> None:
    made = Made(shared(tmp_path), Rows().take)
    whole = msgspec.json.encode(WrittenObject("run 1", 1, "look", "8"))
    (tmp_path / FILE).write_bytes(whole[:-4])
    assert not made.has("look", "8")
    made.note("look", "9")
    of_another_process(tmp_path, WrittenObject("run 1", 1, "look", "10"))
    assert [made.has("look", one) for one in ("8", "9", "10")] == [False, True, True]


def test_a_line_is_read_once_its_rest_has_come(tmp_path: Path) -> None:
    made = Made(shared(tmp_path), Rows().take)
    whole = msgspec.json.encode(WrittenObject("run 1", 1, "look", "8")) + b"\n"
    (tmp_path / FILE).write_bytes(whole[:9])
    assert not made.has("look", "8")
    (tmp_path / FILE).write_bytes(whole)
    assert made.has("look", "8")


def test_a_file_that_cannot_be_used_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    made = Made(shared(tmp_path), Rows().take)
    assert not made.has("look", "8")
    made.note("look", "8")
    assert made.has("look", "8"), "what this process has written it knows by itself"


def test_the_own_lines_are_not_taken_over(tmp_path: Path) -> None:
    rows = Rows()
    made = Made(shared(tmp_path), rows.take)
    of_another_process(tmp_path, WrittenObject("run 1", os.getpid(), "folder", "7", {"id": "7"}))
    assert not made.has("folder", "8")
    assert rows == []


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSimulator]:
    with start(
        make_world(Sizes(users=USERS, groups=0, folders=2, looks=1, dashboards=1)), SimulatorConfig()
    ) as started:
        yield started


@pytest.fixture
def live(running: RunningSimulator, tmp_path: Path) -> Iterator[Live]:
    running.simulation.faults.clear()
    running.log.clear()
    key = Credentials(running.client_id, running.client_secret)
    with LookerSession(running.base_url, key, timeout_s=HANG_S, max_retries=0, pause=lambda _: False) as session:
        yield Live(session, shared=shared(tmp_path))


def operations(running: RunningSimulator) -> list[str]:
    return [call.operation for call in running.log.calls if call.operation != "login"]


def test_a_folder_of_another_process_is_in_the_listing(running: RunningSimulator, live: Live, tmp_path: Path) -> None:
    live.table("folder")
    of_another_process(
        tmp_path, WrittenObject("run 1", 1, "folder", "777", {"id": "777", "parent_id": "1", "name": "New"})
    )
    assert live.made("folder", "777")
    assert [row["id"] for row in live.folders_at("1", "new")] == ["777"]
    assert operations(running) == ["all_folders"]


def test_a_row_of_another_process_does_not_replace_a_newer_one(live: Live, tmp_path: Path) -> None:
    live.put("folder", {**(live.get("folder", "1") or {}), "name": "Newer"})
    of_another_process(tmp_path, WrittenObject("run 1", 1, "folder", "1", {"id": "1", "name": "Older"}))
    assert live.made("folder", "1")
    assert (live.get("folder", "1") or {})["name"] == "Newer"


def test_an_item_that_another_process_has_begun_is_read_anew(
    running: RunningSimulator, live: Live, tmp_path: Path
) -> None:
    """In its second pass: what was passed on is the object as it was created."""
    live.table("folder")
    of_another_process(
        tmp_path, WrittenObject("run 1", 1, "folder", "777", {"id": "777", "parent_id": "1", "name": "New"})
    )
    assert live.made("folder", "777")
    assert live.beyond("folder", "777") is None
    assert operations(running) == ["all_folders", "folder"]


def test_a_board_is_not_passed_on_without_its_parts(running: RunningSimulator, live: Live, tmp_path: Path) -> None:
    live.table("board")
    live.put("board", {"id": "777", "title": "B", "board_sections": []})
    live.note("board", "777")
    (line,) = filter(None, (tmp_path / FILE).read_bytes().split(b"\n"))
    assert msgspec.json.decode(line, type=WrittenObject).row is None


def test_a_definition_is_read_by_one_process(running: RunningSimulator, live: Live, tmp_path: Path) -> None:
    model = next(name for name, row in live.table("lookml_model").items() if row["explores"])
    explore = live.table("lookml_model")[model]["explores"][0]["name"]
    found = live.definitions.explore_fields(model, explore)
    with (tmp_path / "definitions.ndjson").open("ab") as file:
        file.write(b'["run 1", ["permissions"], ["cut o')
    key = Credentials(running.client_id, running.client_secret)
    with LookerSession(running.base_url, key, timeout_s=HANG_S, max_retries=0, pause=lambda _: False) as session:
        other, later = Live(session, shared=shared(tmp_path)), Live(session, shared=shared(tmp_path, "run 2"))
        assert found == other.definitions.explore_fields(model, explore)
        assert other.definitions.permissions() == live.definitions.permissions()
        assert operations(running).count("lookml_model_explore") == 1
        assert operations(running).count("all_permissions") == 1
        assert found == later.definitions.explore_fields(model, explore)
    assert operations(running).count("lookml_model_explore") == 2, "another run reads anew"


def test_owners_are_read_one_by_one_at_first_and_then_together(running: RunningSimulator, live: Live) -> None:
    assert all(live.exists("user", str(number)) for number in range(1, USERS + 1))
    assert operations(running) == [*["user"] * (WORTH_A_SEARCH - 1), "all_users"]
    (page,) = (call for call in running.log.calls if call.operation == "all_users")
    assert page.query["limit"] == str(USERS_AT_ONCE)


def test_users_that_no_page_shows_are_read_by_themselves(running: RunningSimulator, live: Live) -> None:
    gone = [str(number) for number in range(9001, 9031)]
    assert not any(live.exists("user", one) for one in gone)
    called = operations(running)
    assert called.count("user") == len(gone)
    assert called.count("all_users") == 2, "the second is empty"


def test_pages_of_users_that_fail_are_done_without(running: RunningSimulator, live: Live) -> None:
    running.fault("status:403", operation="all_users")
    assert all(live.exists("user", str(number)) for number in range(1, 15))
    assert operations(running).count("user") == 14
