"""``--plan-out`` and ``--apply``: only planned writes are made, whatever happens in between."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import lrestore
from lrestore.errors import UsageError
from lrestore.json_types import JsonObject
from lrestore.run.saved_plan.file import write_plan
from lrestore.run.saved_plan.model import SavedPlan
from lrestore.simulator.world.world import Sizes, make_world
from tests.acceptance.drifting import delete_a_third, drift_everywhere
from tests.acceptance.instance_fixture import SECRET, InstanceFixture, Ran
from tests.acceptance.snapshot import snapshots
from tests.acceptance.test_all_types import difference
from tests.restoration.migration_fixture import MigrationFixture

pytestmark = pytest.mark.timeout(900)

SOME = Sizes(
    users=8,
    groups=4,
    folders=9,
    depth=3,
    looks=8,
    dashboards=7,
    tiles=4,
    filters=2,
    boards=3,
    plans=5,
    alerts=2,
    everything=True,
)


@pytest.fixture
def drifted(tmp_path: Path) -> Iterator[InstanceFixture]:
    """An instance of all types that has drifted since it was backed up; a third is gone."""
    with InstanceFixture(tmp_path, world=make_world(SOME)) as instance:
        drift_everywhere(instance.world)
        delete_a_third(instance.world)
        yield instance


def planned(instance: InstanceFixture, *argv: str, **environ: str) -> Ran:
    """Make a plan of all items, or of the named ones."""
    return instance.run(*(argv or ("--select", "all")), "--plan-out", "p.json", **environ)


def content(instance: InstanceFixture) -> JsonObject:
    """The plan's file."""
    found: JsonObject = json.loads((instance.directory / "p.json").read_text(encoding="utf-8"))
    return found


def items(instance: InstanceFixture, action: str) -> dict[str, JsonObject]:
    """The planned items of an action, by type and id."""
    return {f"{one['type']}={one['id']}": one for one in content(instance)["items"] if one["action"] == action}


def different(instance: InstanceFixture) -> set[str]:
    """The differences from the backup that a verification finds."""
    verify = instance.run("--select", "all", "--verify").report["verify"]
    return {f"{one['type']}={one['id']}" for one in verify["different"]}


def test_a_plan_restores_all_and_its_second_application_finds_everything_as_planned(tmp_path: Path) -> None:
    with InstanceFixture(tmp_path, world=make_world(SOME)) as instance:
        before = snapshots(instance.world)
        drift_everywhere(instance.world)
        plan = planned(instance).all_good()
        assert plan.writes == [] and not (tmp_path / "state.db").exists()
        assert "carry it out with: lrestore --apply p.json" in plan.out
        applied = instance.run("--apply", "p.json").all_good()
        assert {word: applied.total(word) for word in ("selected", "created", "updated", "unchanged", "skipped")} == {
            word: plan.total(word) for word in ("selected", "created", "updated", "unchanged", "skipped")
        }
        assert difference(before, snapshots(instance.world)) == {}
        assert applied.report["applies"] == {"file": str(tmp_path / "p.json"), "digest": content(instance)["digest"]}
        again = instance.run("--apply", "p.json").all_good()
        assert again.writes == [] and again.total("created") == again.total("updated") == 0
        assert again.total("unchanged") + again.total("skipped") == again.total("selected")
        assert f"everything is as planned already in {tmp_path / 'p.json'}: nothing was written" in again.out


def test_what_a_plan_makes_can_refer_to_each_other(drifted: InstanceFixture) -> None:
    """Users with new groups, dashboards in new folders that link to new looks, boards with new sections."""
    plan = planned(drifted).all_good()
    assert len(items(drifted, "create")) >= 5
    applied = drifted.run("--apply", "p.json").all_good()
    assert applied.total("created") == plan.total("created")
    assert different(drifted) == set()


@pytest.mark.slow
@pytest.mark.parametrize("lives", [False, True], ids=["gone", "lives"])
def test_a_migration_can_be_planned_and_applied(tmp_path: Path, lives: bool) -> None:
    with MigrationFixture(tmp_path, source=make_world(SOME)) as instance:
        if lives:
            instance.source_lives()
        plan = planned(instance)
        applied = instance.run("--apply", "p.json")
        assert applied.code == plan.code == (0 if lives else 1)
        assert applied.total("created") == plan.total("created") > 20
        found = {letter["error_type"] for letter in applied.letters}
        assert "ChangedSincePlanError" not in found
        again = instance.run("--apply", "p.json")
        assert again.writes == [] and again.total("created") == again.total("updated") == 0


def _edited_meanwhile(instance: InstanceFixture) -> set[str]:
    """Five objects are edited that the plan updates and that no other item needs."""
    updates = list(items(instance, "update").values())
    of = {
        kind: next(one for one in updates if one["type"] == kind and not _trashed(instance, one))
        for kind in ("look", "user", "scheduled_plan", "board", "dashboard")
    }
    instance.edit("look", of["look"]["destination_id"], description="edited meanwhile")
    instance.edit("user", of["user"]["destination_id"], last_name="Meanwhile")
    instance.edit("scheduled_plan", of["scheduled_plan"]["destination_id"], name="edited meanwhile")
    instance.edit("board", of["board"]["destination_id"], description="edited meanwhile")
    tile = instance.world.table("dashboard_element").where("dashboard_id", of["dashboard"]["destination_id"])[0]
    instance.edit("dashboard_element", tile["id"], subtitle_text="edited meanwhile")
    return {f"{one['type']}={one['id']}" for one in of.values()}


def _trashed(instance: InstanceFixture, item: JsonObject) -> bool:
    live = instance.world.get(item["type"], item["destination_id"]) or {}
    return bool(live.get("deleted") or live.get("deleted_at"))


def test_exactly_the_objects_that_were_edited_meanwhile_are_left_alone_and_listed(drifted: InstanceFixture) -> None:
    plan = planned(drifted).all_good()
    edited = _edited_meanwhile(drifted)
    assert len(edited) == 5
    applied = drifted.run("--apply", "p.json")
    assert applied.code == 1
    assert {f"{one['type']}={one['id']}" for one in applied.letters} == edited
    assert {one["error_type"] for one in applied.letters} == {"ChangedSincePlanError"}
    assert applied.total("created") + applied.total("updated") + 5 == plan.total("created") + plan.total("updated")
    assert different(drifted) == edited
    by_type = {one["type"]: one for one in applied.letters}
    assert "description" in by_type["look"]["message"] and "last_name" in by_type["user"]["message"]
    assert any("subtitle_text" in error["field"] for error in by_type["dashboard"]["errors"])
    for kind, name in (("look", "description"), ("scheduled_plan", "name"), ("board", "description")):
        assert [one[name] for one in drifted.world.table(kind)].count("edited meanwhile") == 1


def test_an_edit_of_what_the_plan_leaves_unchanged_is_left_alone(drifted: InstanceFixture) -> None:
    planned(drifted).all_good()
    look = next(one for one in items(drifted, "unchanged").values() if one["type"] == "look")
    drifted.edit("look", look["id"], title="edited meanwhile")
    drifted.run("--apply", "p.json").all_good()
    assert drifted.world.get("look", look["id"])["title"] == "edited meanwhile"  # type: ignore[index]
    assert different(drifted) == {f"look={look['id']}"}


@pytest.fixture
def few(tmp_path: Path) -> Iterator[InstanceFixture]:
    """Two looks and a dashboard that differ: so few are restored in the command's own process."""
    with InstanceFixture(tmp_path) as instance:
        instance.edit("look", "1", title="drifted")
        instance.edit("look", "2", title="drifted")
        instance.edit("dashboard", "1", title="drifted")
        yield instance


FEW = ("--select", "look=1,2", "--select", "dashboard=1")


def test_few_items_are_compared_with_the_plan_too(few: InstanceFixture) -> None:
    planned(few, *FEW).all_good()
    few.edit("look", "2", description="edited meanwhile")
    applied = few.run("--apply", "p.json")
    assert applied.letter()["id"] == "2" and applied.total("updated") == 2
    assert [call.path.rpartition("/")[2] for call in applied.writes] == ["1", "1"]


def test_counters_that_move_by_themselves_change_nothing(few: InstanceFixture) -> None:
    planned(few, *FEW).all_good()
    for kind in ("look", "dashboard"):
        few.edit(kind, "1", view_count=999, favorite_count=7, last_accessed_at="2026-03-01T00:00:00.000+00:00")
        few.edit(kind, "1", last_viewed_at="2026-03-01T00:00:00.000+00:00")
    applied = few.run("--apply", "p.json").all_good()
    assert applied.total("updated") == 3


def test_another_release_and_another_caller_are_told(few: InstanceFixture) -> None:
    planned(few, *FEW).all_good()
    found = content(few)["destination"]
    _rewritten(few, destination={**found, "looker_version": "25.0", "user_id": "3", "user": "Chidi"})
    applied = few.run("--apply", "p.json").all_good()
    assert any("made for Looker 25.0" in warning for warning in applied.report["warnings"])
    assert any("made as user 3 (Chidi), this run is user 1" in warning for warning in applied.report["warnings"])


def test_an_object_that_is_gone_is_not_made_by_a_plan_that_updates_it(few: InstanceFixture) -> None:
    planned(few, *FEW).all_good()
    few.world.table("look").remove("1")
    applied = few.run("--apply", "p.json")
    assert applied.letter()["id"] == "1" and "not in the destination any more" in applied.letter()["message"]
    assert not few.world.get("look", "1") and applied.operations["create_look"] == 0


def test_an_object_that_came_back_is_not_updated_by_a_plan_that_makes_it(few: InstanceFixture) -> None:
    gone = few.world.get("look", "1")
    assert gone is not None
    few.world.table("look").remove("1")
    planned(few, *FEW).all_good()
    few.world.table("look").put({**gone, "title": "back again"})
    applied = few.run("--apply", "p.json")
    assert applied.letter()["id"] == "1" and "is there now" in applied.letter()["message"]
    assert few.world.get("look", "1")["title"] == "back again"  # type: ignore[index]


def test_names_that_are_swapped_are_swapped_as_planned(tmp_path: Path) -> None:
    with InstanceFixture(tmp_path) as instance:
        groups = [one for one in instance.world.table("group") if not one["include_by_default"]][:2]
        names = [one["name"] for one in groups]
        for group, name in zip(groups, reversed(names), strict=True):
            instance.edit("group", group["id"], name=name)
        planned(instance, "--select", "group").all_good()
        assert content(instance)["renames"]
        instance.run("--apply", "p.json").all_good()
        assert [instance.world.get("group", one["id"])["name"] for one in groups] == names  # type: ignore[index]


def test_slugs_that_are_swapped_are_swapped_as_planned(tmp_path: Path) -> None:
    with InstanceFixture(tmp_path) as instance:
        one, other = list(instance.world.table("dashboard"))[:2]
        slugs = one["slug"], other["slug"]
        for dashboard, slug in ((one, "aside"), (other, slugs[0]), (one, slugs[1])):
            instance.edit("dashboard", dashboard["id"], slug=slug)
        plan = planned(instance, "--select", f"dashboard={one['id']},{other['id']}").all_good()
        assert "it keeps" not in plan.out and plan.total("updated") == 2
        instance.run("--apply", "p.json").all_good()
        assert tuple(instance.world.get("dashboard", at["id"])["slug"] for at in (one, other)) == slugs  # type: ignore[index]


def test_titles_that_are_swapped_are_swapped_as_planned(tmp_path: Path) -> None:
    with InstanceFixture(tmp_path) as instance:
        one, other = list(instance.world.table("look"))[:2]
        other["folder_id"] = one["folder_id"]
        instance.back_up("look", other["id"], instance.blob("look", other["id"]))
        titles = one["title"], other["title"]
        for look, title in ((one, "aside"), (other, titles[0]), (one, titles[1])):
            instance.edit("look", look["id"], title=title)
        planned(instance, "--select", f"look={one['id']},{other['id']}").all_good()
        instance.run("--apply", "p.json").all_good()
        assert tuple(instance.world.get("look", look["id"])["title"] for look in (one, other)) == titles  # type: ignore[index]


@pytest.mark.slow
def test_titles_slugs_and_names_that_go_round_in_several_processes_end_as_planned(tmp_path: Path) -> None:
    with InstanceFixture(
        tmp_path, world=make_world(Sizes(users=2, groups=8, folders=2, looks=9, dashboards=9, tiles=2))
    ) as instance:
        for kind in ("dashboard", "look"):
            for record in list(instance.world.table(kind)):
                instance.edit(kind, record["id"], folder_id="1", deleted=False, title=f"{kind} {record['id']}")
                instance.back_up(kind, record["id"], instance.blob(kind, record["id"]))
        before = snapshots(instance.world)
        _turn_round(instance, "dashboard", "title")
        _turn_round(instance, "dashboard", "slug")
        _turn_round(instance, "look", "title")
        _turn_round(instance, "group", "name")
        argv = ("--select", "group", "--select", "look", "--select", "dashboard", "--include-deleted")
        plan = planned(instance, *argv).all_good()
        assert plan.total("updated") > 20
        instance.run("--apply", "p.json").all_good()
        assert difference(before, snapshots(instance.world)) == {}


def _turn_round(instance: InstanceFixture, kind: str, name: str) -> None:
    """Each object gets the name of the next one."""
    records = [one for one in instance.world.table(kind) if not one.get("include_by_default")]
    names = [one[name] for one in records]
    for record in records:
        instance.edit(kind, record["id"], **{name: f"aside {record['id']}"})
    for record, other in zip(records, [*names[1:], names[0]], strict=True):
        instance.edit(kind, record["id"], **{name: other})


@pytest.mark.slow
@pytest.mark.parametrize("access", ["closed", "copy"])
def test_the_access_of_new_folders_is_part_of_the_plan(tmp_path: Path, access: str) -> None:
    with MigrationFixture(tmp_path, source=make_world(SOME)) as instance:
        instance.source_lives()
        planned(instance, "--select", "folder", "--select", "group", LRESTORE_RUN_NEW_FOLDER_ACCESS=access).all_good()
        folders = [one for one in items(instance, "create").values() if one["type"] == "folder"]
        assert folders and all(len(one["writes"]) > 1 for one in folders)
        instance.run("--apply", "p.json", LRESTORE_RUN_NEW_FOLDER_ACCESS="inherit").all_good()
        again = planned(instance, "--select", "folder", "--select", "group").all_good()
        assert again.total("created") == again.total("updated") == 0


def test_a_plan_is_saved_and_applied_from_python(few: InstanceFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in few.settings().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(few.directory)
    plan = lrestore.plan(select=["look=1"], plan_out="p.json")
    assert plan.mode == "plan" and plan.totals.updated == 1
    report = lrestore.restore(apply="p.json")
    assert report.applies is not None and report.totals.updated == 1
    with pytest.raises(UsageError, match="takes no --select"):
        lrestore.restore(apply="p.json", select=["look=1"])


def test_a_dashboard_in_the_trash_comes_out_with_the_parts_that_the_plan_names(tmp_path: Path) -> None:
    with InstanceFixture(tmp_path) as instance:
        before = snapshots(instance.world)
        instance.edit("dashboard", "1", deleted=True, title="drifted")
        tile = instance.world.table("dashboard_element").where("dashboard_id", "1")[0]
        instance.edit("dashboard_element", tile["id"], title="drifted too")
        planned(instance, "--select", "dashboard=1").all_good()
        instance.run("--apply", "p.json").all_good()
        assert difference(before, snapshots(instance.world)) == {}


def test_a_dashboard_in_the_trash_whose_parts_wait_is_in_the_plan_once(tmp_path: Path) -> None:
    """A tile of it links to the dashboard itself, and is compared when that is out of the trash."""
    with InstanceFixture(tmp_path) as instance:
        blob = instance.blob("dashboard", "1")
        blob["dashboard_elements"][0]["note_text"] = "see /dashboards/1"
        instance.back_up("dashboard", "1", blob)
        instance.edit("dashboard", "1", deleted=True)
        planned(instance, "--select", "dashboard").all_good()
        assert sorted(item["id"] for item in content(instance)["items"]) == ["1", "2", "3"]
        instance.run("--apply", "p.json").all_good()


def test_settings_of_the_plan_count_and_not_those_of_its_application(few: InstanceFixture) -> None:
    planned(few, *FEW, "--keep-extra", "--if-missing", "skip").all_good()
    few.world.table("look").remove("1")
    applied = few.run("--apply", "p.json", LRESTORE_RUN_IF_MISSING="create", LRESTORE_RUN_KEEP_EXTRA="false")
    assert applied.operations["create_look"] == 0
    assert content(few)["settings"]["keep_extra"] is True


def test_another_backup_is_refused(few: InstanceFixture, tmp_path: Path) -> None:
    planned(few, *FEW).all_good()
    few.back_up("look", "1", {**few.blob("look", "1"), "title": "backed up later"})
    refused = few.run("--apply", "p.json")
    assert refused.code == 3 and "another backup" in refused.err
    assert refused.calls == ()
    shutil.copy(few.backup, tmp_path / "other.db")
    assert few.run("--apply", "p.json", LRESTORE_SOURCE_PATH=str(tmp_path / "other.db")).code == 3


@pytest.mark.parametrize("damage", ["edited", "cut", "newer", "gone"])
def test_a_file_that_is_no_whole_plan_is_refused_before_any_call(few: InstanceFixture, damage: str) -> None:
    planned(few, *FEW).all_good()
    file = few.directory / "p.json"
    text = file.read_text(encoding="utf-8")
    changed = {
        "edited": text.replace('"update"', '"create"', 1),
        "cut": text[: len(text) // 2],
        "newer": text.replace('"schema": 1', '"schema": 2', 1),
    }
    file.write_text(changed[damage], encoding="utf-8") if damage in changed else file.unlink()
    refused = few.run("--apply", "p.json")
    assert (refused.code, refused.calls) == (2, ()) and "p.json" in refused.err
    assert not (few.directory / "state.db").exists()


def test_a_copy_of_the_backup_is_the_same_backup(few: InstanceFixture, tmp_path: Path) -> None:
    planned(few, *FEW).all_good()
    shutil.copy(few.backup, tmp_path / "copy.db")
    few.run("--apply", "p.json", LRESTORE_SOURCE_PATH=str(tmp_path / "copy.db")).all_good()


@pytest.mark.parametrize(
    ("setting", "value"),
    [("LRESTORE_DESTINATION_NAME", "elsewhere"), ("LRESTORE_DESTINATION_BASE_URL", "http://127.0.0.1:9")],
)
def test_another_destination_is_refused_before_any_call(few: InstanceFixture, setting: str, value: str) -> None:
    planned(few, *FEW).all_good()
    refused = few.run("--apply", "p.json", **{setting: value})
    assert refused.code == 3 and "the plan was made for 'destination'" in refused.err
    assert refused.calls == ()


def _rewritten(instance: InstanceFixture, **changes: Any) -> None:
    """The plan file with other content and a matching digest, as a knowing person could make it."""
    found = content(instance)
    for name in ("kind", "schema", "digest"):
        del found[name]
    write_plan(msgspec.convert({**found, **changes}, SavedPlan), instance.directory / "p.json")


def test_a_plan_that_holds_less_than_is_needed_writes_nothing_of_the_item(few: InstanceFixture) -> None:
    """Writes are planned again and only compared with the file: the content of the file is never sent."""
    planned(few, *FEW).all_good()
    forged = content(few)["items"]
    for item in forged:
        for write in item.get("writes", ()):
            write["body"] = dict.fromkeys(write["body"], "forged")
    _rewritten(few, items=forged)
    applied = few.run("--apply", "p.json")
    assert applied.code == 1 and applied.total("failed") == 3
    assert applied.writes == []


def test_what_the_plan_could_not_do_is_listed_again_with_its_reason(few: InstanceFixture) -> None:
    plan = planned(few, "--select", "look=1,999")
    assert plan.code == 1 and len(items(few, "fail")) == 1
    applied = few.run("--apply", "p.json")
    assert applied.code == 1 and applied.total("updated") == 1
    assert applied.letter()["error_type"] == "MissingItemError"
    assert "found when the plan was made" in applied.letter()["message"]


def test_an_item_that_lacks_a_reference_and_differs_in_nothing_else_fails_again(few: InstanceFixture) -> None:
    """It is not written, and yet it is not as the backup has it."""
    few.run(*FEW).all_good()
    owner = str(few.world.get("look", "1")["user_id"])  # type: ignore[index]
    few.world.table("user").remove(owner)
    few.edit("look", "1", user_id="1" if owner != "1" else "2")
    plan = planned(few, "--select", "look=1")
    assert plan.letter()["error_type"] == "IncompleteError"
    applied = few.run("--apply", "p.json")
    assert applied.code == 1 and applied.writes == []
    assert applied.letter()["error_type"] == "IncompleteError"


def test_a_plan_that_was_stopped_is_not_saved(few: InstanceFixture) -> None:
    ran = planned(few, "--select", "look", "--max-calls", "6")
    assert ran.code == 4 and not (few.directory / "p.json").exists()
    assert "no plan was saved" in ran.err and "--apply" not in ran.out


def test_a_plan_holds_no_secret(drifted: InstanceFixture) -> None:
    """Looker never shows the secrets of a destination; should it do so, they stay out of files and screens."""
    for delivery in drifted.world.table("scheduled_plan"):
        for destination in delivery["scheduled_plan_destination"] or ():
            destination |= {"secret_parameters": '{"password": "hunter2"}', "message": "drifted", "format": "csv"}
    plan = planned(drifted, "--select", "all", "--report", "r.json")
    text = (drifted.directory / "p.json").read_text(encoding="utf-8")
    assert "scheduled_plan_destination" in text
    assert "hunter2" not in text + plan.out + plan.err + (drifted.directory / "r.json").read_text(encoding="utf-8")
    assert SECRET not in text


def test_the_text_and_the_file_tell_the_same(drifted: InstanceFixture) -> None:
    plan = planned(drifted).all_good()
    told = {f"{one['type']}={one['id']}": one for one in plan.report["items"]}
    for name, item in (items(drifted, "update") | items(drifted, "create")).items():
        changes = [change for write in item["writes"] for change in write.get("changes", ())]
        assert changes == told[name]["changes"]
        assert [(one["type"], one["id"]) for one in item.get("deletions", ())] == [
            (one["type"], one["id"]) for one in told[name]["deletions"]
        ]


def test_dead_letters_of_an_application_are_tried_again_by_the_same_plan(few: InstanceFixture) -> None:
    planned(few, *FEW).all_good()
    few.edit("look", "2", description="edited meanwhile")
    assert few.run("--apply", "p.json").code == 1
    (few.directory / "p.json").unlink()
    again = few.run("--retry-dead-letters")
    assert again.letter()["error_type"] == "ChangedSincePlanError" and again.writes == []
