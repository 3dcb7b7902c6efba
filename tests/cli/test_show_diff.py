"""``--show diff`` and ``--show session``: what a session changed, and what an undo of it would do, from files alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.simulator.world.drift import SMALL_EDITS
from tests.acceptance.instance_fixture import SMALL, Arena


@pytest.fixture
def arena(tmp_path: Path) -> Iterator[Arena]:
    with Arena(tmp_path, sizes=SMALL) as made:
        yield made


def test_a_diff_tells_the_fields_that_a_session_changed(arena: Arena) -> None:
    (dashboard, *_) = arena.world.table("dashboard")
    for change in SMALL_EDITS:
        change(arena.world, dashboard)
    arena.edit("look", "1", title="Changed", description="Changed")
    arena.delete("look", "2")
    restored = arena.run("--select", "dashboard", "--select", "look=1,2").all_good()
    session = restored.report["session_id"]

    shown = arena.run("--show", f"diff={session}", "--format", "json")
    found = {(one["type"], one["id"]): one for one in json.loads(shown.out)}
    assert shown.calls == ()
    changes = {change["path"]: (change["old"], change["new"]) for change in found["look", "1"]["changes"]}
    look = arena.world.table("look").get("1")
    assert look is not None
    assert changes["title"] == ("Changed", look["title"])
    assert changes["description"] == ("Changed", look["description"])
    told = next(one for one in restored.report["items"] if one["type"] == "dashboard" and one["changes"])
    assert len(found["dashboard", dashboard["id"]]["changes"]) >= len(told["changes"]) // 2
    assert found["dashboard", dashboard["id"]]["deletions"] == told["deletions"]
    assert [one["outcome"] for one in found.values() if one["type"] == "look"].count("created") == 1
    as_text = arena.run("--show", f"diff={session}").out
    assert f'title: "Changed" → {json.dumps(look["title"])}' in as_text
    assert "spec,name,outcome,path,old,new" in arena.run("--show", f"diff={session}", "--format", "csv").out


def test_a_diff_tells_the_email_that_a_login_had_before(arena: Arena) -> None:
    user = next(one for one in arena.world.table("user") if one["credentials_email"] and one["id"] != "1")
    was = user["credentials_email"]["email"]
    arena.edit("user", user["id"], credentials_email={**user["credentials_email"], "email": "other@example.com"})
    session = arena.run("--select", f"user={user['id']}").all_good().report["session_id"]
    (found,) = json.loads(arena.run("--show", f"diff={session}", "--format", "json").out)
    assert [(one["old"], one["new"]) for one in found["changes"] if "email" in one["path"]] == [
        ("other@example.com", was)
    ]


def test_a_session_tells_what_its_undo_would_do(arena: Arena) -> None:
    arena.edit("look", "1", title="Changed")
    arena.delete("look", "2")
    session = arena.run("--select", "look=1,2").all_good().report["session_id"]
    shown = arena.run("--show", f"session={session}").out
    assert f"lrestore --undo {session} puts 1 object back, moves 1 new dashboard or look to the trash" in shown


def test_a_session_that_wrote_nothing_has_no_diff_and_no_undo(arena: Arena) -> None:
    session = arena.run("--select", "look=1").all_good().report["session_id"]
    assert "wrote nothing" in arena.run("--show", f"diff={session}").out
    assert "--undo" not in arena.run("--show", f"session={session}").out
    refused = arena.run("--undo", session)
    assert refused.code == 2 and "there is nothing to undo" in refused.err
