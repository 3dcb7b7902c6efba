"""After a run: going on with it, trying again what failed, and what other tools read in the state file."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from lrestore.state.read import StateReader
from tests.acceptance.instance_fixture import InstanceFixture


def drift(instance: InstanceFixture) -> None:
    for kind, name in (("dashboard", "title"), ("look", "title")):
        for record in list(instance.world.table(kind)):
            if not record["deleted"]:
                instance.edit(kind, record["id"], **{name: f"drifted {record['id']}"})


def test_dead_letters_are_tried_again_in_a_session_of_their_own(instance: InstanceFixture) -> None:
    drift(instance)
    instance.simulator.fault("status:422", method="PATCH", path="/looks/1")
    failed = instance.run("--select", "look", "--select", "dashboard")
    assert failed.code == 1 and failed.letter()["id"] == "1"
    instance.simulator.simulation.faults.clear()
    again = instance.run("--retry-dead-letters").all_good()
    assert again.report["totals"]["selected"] == again.total("updated") == 1
    assert again.report["session_id"] != failed.report["session_id"]
    (latest, *_) = sorted(instance.rows("sessions"), key=lambda row: str(row["id"]), reverse=True)
    assert failed.report["session_id"] in map(str, latest.values())


def test_without_dead_letters_there_is_nothing_to_try_again(instance: InstanceFixture) -> None:
    instance.run("--select", "look").all_good()
    ran = instance.run("--retry-dead-letters")
    assert ran.code == 2 and "no open dead letters" in ran.err


def stopped(instance: InstanceFixture) -> None:
    """A run that ended early, with work left."""
    drift(instance)
    ran = instance.run("--select", "look", "--max-calls", "8")
    assert ran.code == 4 and ran.total("pending") > 0
    assert ran.err.strip().splitlines()[-1].startswith("resume with: lrestore")
    assert any("calls" in warning for warning in ran.report["warnings"]), "it says why"


def test_a_run_goes_on_with_its_own_selection(instance: InstanceFixture) -> None:
    stopped(instance)
    ran = instance.run("--resume").all_good()
    assert (
        ran.total("selected") == ran.total("updated") == sum(not one["deleted"] for one in instance.world.table("look"))
    )
    assert {call.path.split("/")[-2] for call in ran.writes} == {"looks"}


def test_creates_that_the_budget_kept_from_leaving_are_not_looked_for(instance: InstanceFixture) -> None:
    """The others have been answered: what they have made is known, and no part is made twice."""
    tiles = len(instance.parts("dashboard_element", "1"))
    instance.delete("dashboard", "1")
    whole = ("create_dashboard", "create_dashboard_filter", "create_dashboard_element")
    first = instance.run("--select", "dashboard=1", "--max-calls", "22")
    begun = [call.operation for call in first.writes]
    assert first.code == 4 and 0 < begun.count(whole[2]) < tiles
    with StateReader.open(instance.directory / "state.db") as reader:
        assert not reader.open_intents()
    ran = instance.run("--resume").all_good()
    assert begun.count(whole[2]) + ran.operations[whole[2]] == tiles
    assert ran.operations["search_dashboards"] <= 3 and ran.operations[whole[0]] == 0


def test_a_resumed_run_repeats_nothing_that_its_first_start_told(instance: InstanceFixture) -> None:
    drift(instance)
    first = instance.run("--select", "look", "--max-calls", "8")
    told = {line for line in first.out.splitlines() if line.startswith("updated ")}
    ran = instance.run("--resume").all_good()
    again = {line for line in ran.out.splitlines() if line.startswith("updated ")}
    assert told
    assert again
    assert not told & again
    assert f"{len(told)} item{'' if len(told) == 1 else 's'} of earlier starts not listed again" in ran.out
    assert sum(item["earlier"] for item in ran.report["items"]) == len(told)
    assert len(ran.report["items"]) == len(told | again)


def test_a_run_goes_on_with_what_its_list_named(instance: InstanceFixture) -> None:
    """The list may be gone by then, or name something else."""
    drift(instance)
    (instance.directory / "list").write_text("look=1\nlook=2\nlook=3\ndashboard=1\n", encoding="utf-8")
    assert instance.run("--select", "@list", "--max-calls", "14").code == 4
    (instance.directory / "list").write_text("look=4\n", encoding="utf-8")
    ran = instance.run("--resume").all_good()
    assert ran.report["by_type"]["look"]["selected"] == 3 and ran.total("selected") == 4
    (instance.directory / "list").unlink()
    assert instance.run("--resume").code == 2


@pytest.mark.parametrize("flags", [("--verify",), ("--verify=after",)])
def test_going_on_with_verify_compares_what_was_written_before_too(
    instance: InstanceFixture, flags: tuple[str, ...]
) -> None:
    stopped(instance)
    ran = instance.run("--resume", *flags)
    found = ran.report["verify"]
    written = ran.total("created") + ran.total("updated")
    assert written >= 3 and (found["equal"], found["different"]) == (written, [])


def test_trying_again_keeps_to_its_own_budget_and_to_what_failed(instance: InstanceFixture) -> None:
    """Neither the first run's budget nor its dependencies come along, nor what had been excluded from them."""
    drift(instance)
    fault = instance.simulator.fault("status:422", operation="update_look")
    flags = ("--select", "look", "--with-dependencies", "--exclude", "user", "--max-calls", "1000")
    letters = instance.run(*flags).letters
    assert fault.fired and len(letters) > 2
    instance.simulator.simulation.faults.clear()
    early = instance.run("--retry-dead-letters", "--max-calls", "6")
    assert early.code == 4 and early.total("selected") == len(letters) and early.total("pending") > 0
    assert early.err.strip().splitlines()[-1] == "resume with: lrestore --resume"
    ran = instance.run("--resume").all_good()
    assert ran.report["by_type"].keys() == {"look"} and ran.total("updated") == len(letters)


def test_dead_letters_that_were_settled_since_are_not_tried_again(instance: InstanceFixture) -> None:
    drift(instance)
    instance.simulator.fault("status:422", operation="update_look")
    session = instance.run("--select", "look").report["session_id"]
    instance.simulator.simulation.faults.clear()
    instance.run("--retry-dead-letters", session).all_good()
    ran = instance.run("--retry-dead-letters", session)
    assert ran.code == 2 and "no open dead letters" in ran.err


def refused(instance: InstanceFixture) -> str:
    """A session whose looks are all dead letters; Looker takes them from now on."""
    drift(instance)
    instance.simulator.fault("status:422", operation="update_look")
    ran = instance.run("--select", "look")
    instance.simulator.simulation.faults.clear()
    assert ran.code == 1 and len(ran.letters) > 2
    return str(ran.report["session_id"])


def test_a_run_with_dead_letters_ends_with_the_command_that_tries_them_again(instance: InstanceFixture) -> None:
    drift(instance)
    instance.simulator.fault("status:422", method="PATCH", path="/looks/1")
    ran = instance.run("--select", "look")
    last = ran.err.strip().splitlines()[-1]
    assert last == f"retry with: lrestore --retry-dead-letters {ran.report['session_id']}"
    instance.simulator.simulation.faults.clear()
    again = instance.run(*last.removeprefix("retry with: lrestore ").split()).all_good()
    assert again.total("updated") == 1 and "retry with" not in again.err


def test_a_plan_lists_recorded_mappings_that_no_longer_prove_themselves(instance: InstanceFixture) -> None:
    instance.delete("look", "1")
    (made,) = [item for item in instance.run("--select", "look=1").all_good().report["items"] if item["id"] == "1"]
    assert "no longer prove" not in instance.run("--select", "look=1", "--plan").out
    instance.delete("look", made["destination_id"])
    ran = instance.run("--select", "look=1", "--plan")
    told = f"look=1: mapped to id {made['destination_id']}, which no longer exists"
    assert f"recorded mappings that no longer prove themselves: 1\n    {told}\n" in ran.out
    assert ran.report["plan"]["unproved_mappings"] == [told]
    assert f"warning: {told}" not in ran.out


def test_differences_alone_name_no_command(instance: InstanceFixture) -> None:
    drift(instance)
    ran = instance.run("--select", "look", "--verify")
    assert ran.code == 1 and "retry with" not in ran.err


def test_items_that_failed_for_one_reason_are_told_together(instance: InstanceFixture) -> None:
    drift(instance)
    instance.simulator.fault("status:422", operation="update_look")
    ran = instance.run("--select", "look")
    groups = [line for line in ran.out.splitlines() if line.startswith("failed")]
    assert len(groups) == 1 and f"{ran.total('failed')} items: update_look (PATCH /looks/…): 422" in groups[0]


def test_a_selection_narrows_the_dead_letters_that_are_tried_again(instance: InstanceFixture) -> None:
    session = refused(instance)
    ran = instance.run("--retry-dead-letters", session, "--select", "look=1,4711").all_good()
    assert {call.path for call in ran.writes} == {"/looks/1"} and "look=4711" in ran.err
    left = {str(row["id"]) for row in instance.rows("dead-letters")}
    assert left and "1" not in left
    ran = instance.run("--retry-dead-letters", session, "--exclude", f"look={min(left)}").all_good()
    assert {row["id"] for row in instance.rows("dead-letters")} == {min(left)}


def test_a_selection_without_a_dead_letter_is_told(instance: InstanceFixture) -> None:
    session = refused(instance)
    ran = instance.run("--retry-dead-letters", session, "--select", "board")
    assert ran.code == 2 and f"--show dead-letters={session}" in ran.err


def test_a_dead_letter_is_closed_by_any_later_run_that_restores_its_item(instance: InstanceFixture) -> None:
    refused(instance)
    instance.run("--select", "look").all_good()
    assert instance.rows("dead-letters") == []


@pytest.mark.parametrize("flag", ["--with-dependencies", "--select=look", "--keep-extra"])
def test_a_flag_that_would_be_ignored_by_going_on_is_refused(instance: InstanceFixture, flag: str) -> None:
    ran = instance.run("--resume", flag)
    assert (ran.code, ran.calls) == (2, ()) and flag.split("=", maxsplit=1)[0] in ran.err


def test_a_listing_that_fails_after_the_session_has_begun_stops_nothing(instance: InstanceFixture) -> None:
    """Objects missing from a listing are read one by one."""
    drift(instance)
    fault = instance.simulator.fault("status:400", operation="all_lookml_models")
    ran = instance.run("--select", "all").all_good()
    assert fault.fired and ran.total("updated") and ran.report["status"] == "finished"


@pytest.mark.parametrize("mode", ["--plan", "--verify"])
def test_a_budget_holds_for_reading_too(instance: InstanceFixture, mode: str) -> None:
    """Looker's licences count every call."""
    ran = instance.run(
        "--select", "look", "--select", "dashboard", "--identity", "same-instance", mode, "--max-calls", "6"
    )
    assert ran.code == 4 and ran.report["status"] == "stopped"
    assert ran.err.strip().splitlines()[-1].startswith("resume with: lrestore --select look")
    assert ran.total("pending") > 0 and any("--max-calls" in warning for warning in ran.report["warnings"])


@pytest.mark.parametrize("selected", ["look=1,2", "all"])
def test_an_id_that_the_backup_lacks_is_a_failure_among_few_items_and_among_many(
    instance: InstanceFixture, selected: str
) -> None:
    drift(instance)
    ran = instance.run("--select", selected, "--select", "look=99", "--max-failures", "1")
    assert ran.code == 4 and ran.letter()["id"] == "99" and not ran.writes
    assert instance.run("--resume").code == 1


def test_a_run_does_not_go_on_with_another_backup(instance: InstanceFixture) -> None:
    stopped(instance)
    instance.back_up("look", "1", {**instance.blob("look", "1"), "title": "Of another night"})
    ran = instance.run("--resume")
    assert ran.code == 3 and not ran.writes
    assert "vault.db" in ran.err and "changed" in ran.err


def test_without_an_unfinished_session_there_is_nothing_to_go_on_with(instance: InstanceFixture) -> None:
    instance.run("--select", "look").all_good()
    ran = instance.run("--resume")
    assert ran.code == 2 and "unfinished" in ran.err


def test_a_run_ends_when_its_time_is_up(instance: InstanceFixture) -> None:
    drift(instance)
    instance.simulator.fault("delay:0.3", method="PATCH")
    ran = instance.run("--select", "look", "--max-runtime", "1s")
    assert ran.code == 4 and "resume with" in ran.err
    instance.simulator.simulation.faults.clear()
    instance.run("--resume").all_good()


def test_other_tools_may_read_the_state_file(instance: InstanceFixture) -> None:
    instance.delete("look", "1")
    ran = instance.run("--select", "look").all_good()
    with closing(sqlite3.connect(instance.directory / "state.db")) as state:
        columns = "source_instance, destination, content_type, source_id, destination_id, session_id, created_at"
        rows = state.execute(f"SELECT {columns} FROM id_mappings WHERE content_type = 'look'").fetchall()
        assert [row[:4] for row in rows] == [("source", "destination", "look", "1")]
        assert rows[0][5] == ran.report["session_id"] and rows[0][4] in {
            one["id"] for one in instance.world.table("look")
        }
        for table in ("sessions", "checkpoints"):
            assert state.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] > 0
        assert state.execute("SELECT COUNT(*) FROM dead_letters").fetchone() == (0,)
        assert state.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_state_file_of_a_newer_lrestore_is_refused(instance: InstanceFixture) -> None:
    instance.run("--select", "look").all_good()
    with closing(sqlite3.connect(instance.directory / "state.db")) as state:
        state.execute("PRAGMA user_version = 999")
    drift(instance)
    ran = instance.run("--select", "look")
    assert ran.code == 3 and not ran.writes
    assert "newer lrestore" in ran.err and "state.db" in ran.err


@pytest.mark.parametrize(
    ("flags", "ids"),
    [
        (("--name", "drifted [12]"), set()),
        (("--owner", "1"), None),
        (("--updated-before", "2001-01-01"), set()),
        (("--folder", "1"), None),
    ],
)
def test_filters_narrow_what_is_written(
    instance: InstanceFixture, flags: tuple[str, str], ids: set[str] | None
) -> None:
    """Filters are about the backup, not about what has become of it in Looker."""
    looks = {look["id"]: dict(look) for look in instance.world.table("look") if not look["deleted"]}
    drift(instance)
    ran = instance.run("--select", "look", *flags)
    written = {call.path.split("/")[-1] for call in ran.writes}
    if ids is not None:
        assert written == ids
    elif flags[0] == "--owner":
        assert written == {id for id, look in looks.items() if look["user_id"] == flags[1]}
    else:
        parents = {one["id"]: one["parent_id"] for one in instance.world.table("folder")}

        def below(folder: str | None) -> bool:
            return folder is not None and (folder == flags[1] or below(parents.get(folder)))

        assert written == {id for id, look in looks.items() if below(look["folder_id"])}


def test_the_last_line_of_progress_is_about_all_items(instance: InstanceFixture) -> None:
    """FR-029. Progress is shown a few times per second, and the end comes in between."""
    drift(instance)
    ran = instance.run("--select", "all").all_good()
    told = [line for line in ran.err.splitlines() if " items, ok " in line]
    total, skipped = ran.total("selected"), ran.total("skipped")
    assert skipped
    assert told[-1].startswith(f"{total}/{total} items, ok {total - skipped}, skipped {skipped}, failed 0,")
