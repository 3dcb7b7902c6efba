"""``--show diff`` and ``--show session``: what a session changed, and what an undo of it would do, from files alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.simulator.world.drift import SMALL_EDITS
from tests.acceptance.instance_fixture import SMALL, InstanceFixture


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[InstanceFixture]:
    with InstanceFixture(tmp_path, sizes=SMALL) as made:
        yield made


def test_a_diff_tells_the_fields_that_a_session_changed(instance: InstanceFixture) -> None:
    (dashboard, lost, *_) = instance.world.table("dashboard")
    for change in SMALL_EDITS:
        change(instance.world, dashboard)
    instance.edit("look", "1", title="Changed", description="Changed")
    instance.delete("look", "2")
    instance.delete("dashboard", lost["id"])
    restored = instance.run("--select", "dashboard", "--select", "look=1,2").all_good()
    session = restored.report["session_id"]

    shown = instance.run("--show", f"diff={session}", "--format", "json")
    found = {(one["type"], one["id"]): one for one in json.loads(shown.out)}
    assert shown.calls == ()
    changes = {change["path"]: (change["old"], change["new"]) for change in found["look", "1"]["changes"]}
    look = instance.world.table("look").get("1")
    assert look is not None
    assert changes["title"] == ("Changed", look["title"])
    assert changes["description"] == ("Changed", look["description"])
    told = next(one for one in restored.report["items"] if one["type"] == "dashboard" and one["changes"])
    assert len(found["dashboard", dashboard["id"]]["changes"]) >= len(told["changes"]) // 2
    assert found["dashboard", dashboard["id"]]["deletions"] == told["deletions"]
    assert [one["outcome"] for one in found.values() if one["type"] == "look"].count("created") == 1
    again = next(one for one in found.values() if one["type"] == "dashboard" and one["outcome"] == "created")
    assert [one["path"] for one in again["changes"] if one["path"].startswith("dashboard_element ")] == []
    assert any(one["path"].startswith("new dashboard_element ") for one in again["changes"])
    as_text = instance.run("--show", f"diff={session}").out
    assert f'title: "Changed" → {json.dumps(look["title"])}' in as_text
    assert "spec,name,outcome,path,old,new" in instance.run("--show", f"diff={session}", "--format", "csv").out


def test_a_diff_tells_the_email_that_a_login_had_before(instance: InstanceFixture) -> None:
    user = next(one for one in instance.world.table("user") if one["credentials_email"] and one["id"] != "1")
    was = user["credentials_email"]["email"]
    instance.edit("user", user["id"], credentials_email={**user["credentials_email"], "email": "other@example.com"})
    session = instance.run("--select", f"user={user['id']}").all_good().report["session_id"]
    (found,) = json.loads(instance.run("--show", f"diff={session}", "--format", "json").out)
    assert [(one["old"], one["new"]) for one in found["changes"] if "email" in one["path"]] == [
        ("other@example.com", was)
    ]


def test_a_session_tells_what_its_undo_would_do(instance: InstanceFixture) -> None:
    instance.edit("look", "1", title="Changed")
    instance.delete("look", "2")
    session = instance.run("--select", "look=1,2").all_good().report["session_id"]
    shown = instance.run("--show", f"session={session}").out
    assert f"puts 1 object back, moves 1 new dashboard or look to the trash: lrestore --undo {session}\n" in shown


def test_a_session_that_wrote_nothing_has_no_diff_and_no_undo(instance: InstanceFixture) -> None:
    session = instance.run("--select", "look=1").all_good().report["session_id"]
    assert "wrote nothing" in instance.run("--show", f"diff={session}").out
    assert "--undo" not in instance.run("--show", f"session={session}").out
    refused = instance.run("--undo", session)
    assert refused.code == 2 and "there is nothing to undo" in refused.err
