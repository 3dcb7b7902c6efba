"""Modes that write nothing, exit codes, settings."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.acceptance.instance_fixture import InstanceFixture

ONE = ("--select", "dashboard=1")
ALL_EQUAL = {"equal": 1, "different": [], "ignored": [], "only_live": [], "unlisted": {}}


def files(directory: Path) -> set[str]:
    return {path.name for path in directory.rglob("*")} - {"report.json"}


def test_a_dry_run_calls_nobody_and_needs_nobody(instance: InstanceFixture) -> None:
    """FR-010: not even a login, and no credentials."""
    before = files(instance.directory)
    ran = instance.run("--select", "all", "--dry-run", LOOKERSDK_CLIENT_ID="", LOOKERSDK_CLIENT_SECRET="").all_good()
    assert ran.calls == () and ran.report["api"]["calls"] == 0 and ran.report["mode"] == "dry-run"
    assert files(instance.directory) == before
    assert ran.total("selected") > 10


def test_a_plan_names_fields_old_and_new_and_writes_nothing(instance: InstanceFixture) -> None:
    before = files(instance.directory)
    assert instance.run(*ONE, "--plan").all_good().report["plan"]["writes"] == 0, "a login is no write"
    instance.edit("dashboard", "1", title="Somebody's title")
    tile = instance.parts("dashboard_element", "1")[-1]
    instance.delete("dashboard_element", tile["id"])
    ran = instance.run(*ONE, "--plan").all_good()
    assert ran.writes == [] and files(instance.directory) == before
    title = instance.blob("dashboard", "1")["title"]
    assert title == "Somebody's title" and "Somebody's title" in ran.out and "→" in ran.out
    change = next(one for one in ran.report["items"][0]["changes"] if one["path"] == "title")
    assert change["old"] == "Somebody's title" and change["new"] != change["old"]
    assert ran.report["plan"]["by_activity"] and ran.report["plan"]["writes"] >= 2
    assert instance.run(*ONE).all_good().total("updated") == 1


def test_a_plan_counts_on_a_look_that_comes_out_of_the_trash(instance: InstanceFixture) -> None:
    """Its tile, gone as well, can be made: what the restore does is no dead letter of the plan."""
    tile = next(tile for tile in instance.world.table("dashboard_element") if tile["look_id"])
    instance.edit("look", tile["look_id"], deleted=True)
    instance.delete("dashboard_element", tile["id"])
    select = ("--select", f"look={tile['look_id']}", "--select", f"dashboard={tile['dashboard_id']}")
    assert instance.run(*select, "--plan").all_good().total("updated") == 2
    assert instance.run(*select).all_good().total("updated") == 2


def test_verify_alone_tells_whether_anything_differs(instance: InstanceFixture) -> None:
    before = files(instance.directory)
    equal = instance.run(*ONE, "--verify").all_good()
    assert equal.report["verify"] == ALL_EQUAL
    instance.edit("dashboard", "1", title="Changed")
    differs = instance.run(*ONE, "--verify")
    assert (differs.code, differs.writes) == (1, []) and files(instance.directory) == before
    (found,) = differs.report["verify"]["different"]
    assert (found["type"], found["id"]) == ("dashboard", "1")
    after = instance.run(*ONE, "--verify=after").all_good()
    assert after.report["verify"] == ALL_EQUAL and after.total("updated") == 1


@pytest.mark.parametrize("mode", ["--verify", "--verify=after"])
def test_what_a_rule_skips_is_not_called_equal(instance: InstanceFixture, mode: str) -> None:
    instance.delete("look", "1")
    ran = instance.run("--select", "look=1,2", "--if-missing", "skip", mode).all_good()
    assert ran.report["verify"] == ALL_EQUAL and ran.total("skipped") == 1
    assert "verified: 1 equal, 0 different, 1 skipped and not compared" in ran.out


def test_the_report_adds_up_and_has_its_keys(instance: InstanceFixture) -> None:
    """FR-030."""
    instance.delete("look", "1")
    ran = instance.run("--select", "look=1,2,99")
    report = ran.report
    assert ran.code == 1 and ran.letter()["id"] == "99"
    for sums in (report["totals"], *report["by_type"].values()):
        parts = ("created", "updated", "unchanged", "skipped", "failed")
        assert sums["selected"] == sum(sums[part] for part in parts)
    assert (ran.total("created"), ran.total("unchanged"), ran.total("failed")) == (1, 1, 1)
    expected = {"schema", "session_id", "mode", "started_at", "ended_at", "duration_s", "source", "destination"}
    expected |= {"totals", "by_type", "api", "throughput", "warnings", "dead_letters", "verify"}
    assert expected <= set(report)
    assert set(report["source"]) == {"instance", "paths", "fingerprint", "synced_to", "age", "age_s"}
    assert report["source"]["instance"] == "source"
    assert set(report["destination"]) == {"name", "base_url", "looker_version"}
    assert {"calls", "by_operation", "retries", "rate_limited", "bytes_sent", "bytes_received"} <= set(report["api"])
    assert {"items_per_s", "calls_per_s", "timeline"} <= set(report["throughput"])
    letter = {"type", "id", "name", "error_type", "status", "message", "errors", "retries", "failed_at"}
    assert letter <= set(ran.letter())


def test_calls_in_the_report_are_those_that_the_instance_saw(instance: InstanceFixture) -> None:
    instance.edit("dashboard", "1", title="Changed")
    ran = instance.run(*ONE).all_good()
    seen: dict[str, int] = {}
    for call in ran.calls:
        seen[call.operation] = seen.get(call.operation, 0) + 1
    told = {"me" if name == "user" else name: count for name, count in seen.items()}
    assert ran.report["api"]["by_operation"] == told and ran.report["api"]["calls"] == len(ran.calls)


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"LRESTORE_RUN_WORKERS": "many"}, "workers"),
        ({"LRESTORE_RUN_IDENTITY": "perhaps"}, "identity"),
        ({"LRESTORE_RUN_MAX_FAILURES": "-3"}, "max_failures"),
        ({"LRESTORE_DESTINATION_TIMEOUT_S": "0"}, "timeout_s"),
        ({"LRESTORE_DESTINATION_BASE_URL": "ftp://looker"}, "base_url"),
        ({"LRESTORE_SOURCE_INSTANCE": "\udcff"}, "instance"),
        ({"LRESTORE_DESTINATION_NAME": "\udcff"}, "name"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named_and_nothing_is_called(
    instance: InstanceFixture, environ: dict[str, str], named: str
) -> None:
    """B23: LookerVault reads its settings and ignores them."""
    ran = instance.run(*ONE, **environ)
    assert (ran.code, ran.calls) == (2, ()) and named in ran.err


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[source]\npaht = "vault.db"\n', "paht"),
        ("[run]\nin_flight = 0\n", "in_flight"),
        ('[destination]\nbase_url = "${NOT_SET_ANYWHERE}"\n', "NOT_SET_ANYWHERE"),
        ("[run\n", "bad.toml"),
        ('[destination]\nclient_secret = "s"\n', "client_secret"),
    ],
)
def test_a_bad_settings_file_is_named_with_key(instance: InstanceFixture, text: str, named: str) -> None:
    (instance.directory / "bad.toml").write_text(text, encoding="utf-8")
    ran = instance.run("--config", "bad.toml", *ONE)
    assert (ran.code, ran.calls) == (2, ()) and named in ran.err and "bad.toml" in ran.err


@pytest.mark.parametrize("argv", [[], ["--select", "dashbord=1"], ["--select", "dashboard="], ["--html", "r.html"]])
def test_usage_that_cannot_be_meant_is_2(instance: InstanceFixture, argv: list[str]) -> None:
    ran = instance.run(*argv)
    assert (ran.code, ran.calls) == (2, ()) and ran.err


def test_what_keeps_a_run_from_starting_is_3(instance: InstanceFixture) -> None:
    absent = instance.run(*ONE, LRESTORE_SOURCE_PATH="absent.db")
    assert (absent.code, absent.calls) == (3, ()) and "absent.db" in absent.err
    refused = instance.run(*ONE, LOOKERSDK_CLIENT_SECRET="wrong")
    assert refused.code == 3 and "credentials refused" in refused.err and "wrong" not in refused.err
    nobody = instance.run(*ONE, LRESTORE_DESTINATION_BASE_URL="http://127.0.0.1:9", LRESTORE_RUN_MAX_RETRIES="0")
    assert nobody.code == 3 and "127.0.0.1:9" in nobody.err
    (instance.directory / "not.db").write_bytes(b"not a database" * 100)
    assert instance.run(*ONE, LRESTORE_SOURCE_PATH="not.db").code == 3


def test_a_run_that_cannot_start_leaves_no_earlier_report_behind(instance: InstanceFixture) -> None:
    """A script that reads the report of every night must not take yesterday's for today's."""
    path = instance.directory / "kept.json"
    instance.run(*ONE, "--report", str(path)).all_good()
    refused = instance.run(*ONE, "--report", str(path), LOOKERSDK_CLIENT_SECRET="wrong")
    report = msgspec.json.decode(path.read_bytes())
    assert refused.code == 3 and report["status"] == "not-started"
    assert set(report["totals"].values()) == {0} and report["by_type"] == {} and report["session_id"] == ""
    assert report["source"]["instance"] == "source" and report["destination"]["name"] == "destination"
    (warning,) = report["warnings"]
    assert "credentials refused" in warning


def test_the_state_file_must_not_be_the_backup(instance: InstanceFixture) -> None:
    """B25."""
    before = instance.backup.read_bytes()
    ran = instance.run(*ONE, LRESTORE_STATE_PATH=str(instance.backup))
    assert ran.code in (2, 3) and ran.writes == [] and instance.backup.read_bytes() == before


@pytest.mark.parametrize("mode", [("--plan",), ("--verify",), ()])
def test_an_empty_file_will_do_as_a_state_file(instance: InstanceFixture, mode: tuple[str, ...]) -> None:
    """As ``mktemp`` makes it."""
    (instance.directory / "state.db").touch()
    instance.run(*ONE, *mode, "--report", str(instance.directory / "r.json")).all_good()


def test_sessions_tell_what_ran(instance: InstanceFixture) -> None:
    """B22: LookerVault's status is always empty."""
    ran = instance.run(*ONE)
    (session,) = instance.rows("sessions")
    assert session["id"] == ran.report["session_id"]


def test_too_many_failures_stop_the_run_and_it_can_go_on(instance: InstanceFixture) -> None:
    """B21, FR-024: what failed before does not count against the start that goes on."""
    for record in list(instance.world.table("look")):
        instance.edit("look", record["id"], title=f"Changed {record['id']}")
    fault = instance.simulator.fault("status:422", operation="update_look")
    ran = instance.run("--select", "look", "--max-failures", "2")
    assert ran.code == 4
    assert ran.report["totals"]["failed"] == 2
    assert fault.fired == 2
    assert ran.err.strip().splitlines()[-1].endswith("--resume")
    instance.simulator.simulation.faults.clear()
    on = instance.run("--resume")
    assert on.code == 1
    totals = on.report["totals"]
    assert totals["failed"] == 2
    assert totals["selected"] == len(instance.world.table("look"))


def test_a_budget_of_calls_stops_the_run_and_it_can_go_on(instance: InstanceFixture) -> None:
    for record in list(instance.world.table("look")):
        instance.edit("look", record["id"], title=f"Changed {record['id']}")
    ran = instance.run("--select", "look", "--max-calls", "8")
    assert ran.code == 4
    assert ran.report["totals"]["selected"] == len(instance.world.table("look"))
    assert 0 < ran.report["totals"]["pending"] < len(instance.world.table("look"))
    assert f"{ran.report['totals']['pending']} pending, not attempted" in ran.out
    on = instance.run("--resume")
    assert on.code == 0
    assert on.report["totals"]["updated"] == len(instance.world.table("look"))


@pytest.mark.parametrize("mode", ["--plan", "--verify"])
def test_a_comparison_that_is_cut_off_says_how_much_it_did_not_see(instance: InstanceFixture, mode: str) -> None:
    count = len(instance.world.table("look"))
    for record in list(instance.world.table("look")):
        instance.edit("look", record["id"], title=f"Changed {record['id']}")
    ran = instance.run("--select", "look", mode, "--max-calls", "6")
    pending = ran.report["totals"]["pending"]
    assert ran.code == 4 and ran.report["status"] == "stopped"
    assert 0 < pending <= count == ran.report["totals"]["selected"]
    assert f"{pending} pending, not attempted" in ran.out and "succeeded" not in ran.out
    whole = instance.run("--select", "look", mode)
    assert whole.report["totals"]["pending"] == 0
    assert f"{count} items: 0 would be created, {count} would be updated, 0 unchanged, 0 cannot be" in whole.out
