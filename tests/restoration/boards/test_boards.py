"""Boards: sections and items are matched, moved, created and ordered; missing content is reported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lrestore.content.identity import Judgement
from lrestore.errors import AmbiguousMatchError, IncompleteError, NotRestorableError
from lrestore.json_types import JsonObject
from lrestore.messages import ItemResult
from lrestore.restoration.item import ItemRestorer
from lrestore.restoration.item_plan import ItemPlan
from lrestore.restoration.policy import Policy
from lrestore.run.compare.planned_objects import calls_of
from lrestore.simulator.world.edits import Edit, edit
from tests.restoration.restore_fixture import SMALL, RestoreFixture, incomplete, writes

OTHER = Judgement("other")


@pytest.fixture
def setup(tmp_path: Path) -> Iterator[RestoreFixture]:
    """An instance with boards."""
    with RestoreFixture(tmp_path, sizes=replace(SMALL, boards=2, plans=0)) as made:
        yield made


def board(setup: RestoreFixture, board_id: str = "1") -> JsonObject:
    shown: JsonObject = setup.call("board", board_id=board_id)
    return shown


def snapshot(shown: JsonObject) -> Any:
    """A board without the values that Looker chooses: sections and items in their displayed order."""
    sections = {str(section["id"]): section for section in shown["board_sections"]}
    fields = ("dashboard_id", "look_id", "lookml_dashboard_id", "custom_url", "custom_title", "use_custom_title")
    found = []
    for section_id in shown["section_order"] or ():
        section = sections[section_id]
        items = {str(item["id"]): item for item in section["board_items"]}
        rows = [tuple(items[key].get(name) for name in fields) for key in section["item_order"] or ()]
        assert len(rows) == len(items)
        found.append((section["title"], section["description"], rows))
    assert len(found) == len(sections)
    return shown["title"], shown["description"], found


def two_sections(setup: RestoreFixture) -> Any:
    """The item board=1 as if it had been backed up with a second section, and custom items."""
    item = setup.item("board=1")
    items = item.raw["board_sections"][0]["board_items"]
    assert len(items) >= 3
    link = {**items[0], "id": "901", "dashboard_id": None, "custom_url": "/explore/a", "custom_title": "Explore"}
    text = {**items[1], "id": "902", "use_custom_title": True, "custom_title": "Renamed"}
    second = {**item.raw["board_sections"][0], "id": "900", "title": "Second", "description": "More"}
    second |= {"board_items": [link, text], "item_order": ["902", "901"]}
    item.raw["board_sections"].append(second)
    item.raw["section_order"] = ["900", *item.raw["section_order"]]
    return item


def restored(
    setup: RestoreFixture, item: Any, judgement: Judgement | None = None, policy: Policy | None = None
) -> ItemResult:
    return ItemRestorer(setup.context(policy, judgement)).restore(item).result


def planned(setup: RestoreFixture, item: Any, policy: Policy | None = None) -> ItemPlan:
    return ItemRestorer(setup.context(policy)).plan(item)


def test_an_unchanged_board_costs_one_listing_and_no_write(setup: RestoreFixture) -> None:
    context = setup.context()
    restorer = ItemRestorer(context)
    calls = setup.counted(lambda: [restorer.restore(setup.item(f"board={number}")) for number in (1, 2)])
    assert calls == {"all_boards": 1}


def test_drift_in_every_part_is_restored(setup: RestoreFixture) -> None:
    before = snapshot(board(setup))
    (section,) = board(setup)["board_sections"]
    setup.call("update_board", {"title": "Drifted", "description": None}, board_id="1")
    setup.call("update_board_section", {"title": "Drifted"}, board_section_id=section["id"])
    item_id = section["board_items"][0]["id"]
    setup.call("update_board_item", {"custom_title": "X", "use_custom_title": True}, board_item_id=item_id)
    setup.call("update_board_section", {"item_order": section["item_order"][::-1]}, board_section_id=section["id"])
    calls = setup.counted(lambda: setup.restore("board=1"))
    assert snapshot(board(setup)) == before
    assert writes(calls) == {"update_board": 1, "update_board_section": 2, "update_board_item": 1}
    assert setup.restore("board=1").outcome == "unchanged"


def test_ids_of_sections_and_items_stay(setup: RestoreFixture) -> None:
    ids = [section["id"] for section in board(setup)["board_sections"]]
    setup.call("update_board_section", {"title": "Drifted"}, board_section_id=ids[0])
    setup.restore("board=1")
    assert [section["id"] for section in board(setup)["board_sections"]] == ids


@pytest.mark.parametrize("keep_extra", [False, True])
def test_extra_sections_and_items_are_removed_unless_kept(setup: RestoreFixture, keep_extra: bool) -> None:
    before = snapshot(board(setup))
    (section,) = board(setup)["board_sections"]
    more = setup.call("create_board_section", {"board_id": "1", "title": "Extra"})
    setup.call("create_board_item", {"board_section_id": more["id"], "custom_url": "/a", "custom_title": "In extra"})
    setup.call("create_board_item", {"board_section_id": section["id"], "custom_url": "/b", "custom_title": "Extra"})
    policy = Policy(max_retries=2, keep_extra=keep_extra)
    result = setup.restore("board=1", policy)
    gone = sorted((one.type, one.name) for one in result.deletions)
    if keep_extra:
        assert result.outcome == "unchanged"
        assert gone == []
        assert len(board(setup)["board_sections"]) == 2
    else:
        assert gone == [("board_item", "Extra"), ("board_section", "Extra (with 1 item)")]
        assert snapshot(board(setup)) == before
    assert setup.restore("board=1", policy).outcome == "unchanged"


def test_an_item_that_was_moved_to_another_section_is_moved_back(setup: RestoreFixture) -> None:
    before = snapshot(board(setup))
    (section,) = board(setup)["board_sections"]
    item_id = section["item_order"][0]
    other = setup.call("create_board_section", {"board_id": "1", "title": "Extra"})
    setup.call("update_board_item", {"board_section_id": other["id"]}, board_item_id=item_id)
    result = setup.restore("board=1")
    assert snapshot(board(setup)) == before
    assert item_id in board(setup)["board_sections"][0]["item_order"]
    assert [one.type for one in result.deletions] == ["board_section"]
    assert setup.restore("board=1").outcome == "unchanged"


def test_the_order_that_an_item_leaves_does_not_name_it(setup: RestoreFixture) -> None:
    """Looker refuses an order that names an item of another section."""
    item = two_sections(setup)
    restored(setup, item)
    before = board(setup)
    second, first = before["section_order"]
    orders = {one["id"]: one["item_order"] for one in before["board_sections"]}
    setup.call("update_board_item", {"board_section_id": second}, board_item_id=orders[first][0])
    setup.call(
        "update_board_section", {"item_order": [orders[first][0], *orders[second][::-1]]}, board_section_id=second
    )
    assert restored(setup, item).outcome == "updated"
    assert {one["id"]: one["item_order"] for one in board(setup)["board_sections"]} == orders
    assert restored(setup, item).outcome == "unchanged"


def test_sections_with_swapped_positions_and_titles_are_restored(setup: RestoreFixture) -> None:
    item = two_sections(setup)
    restored(setup, item)
    before = snapshot(board(setup))
    first, second = board(setup)["section_order"]
    titles = {section["id"]: section["title"] for section in board(setup)["board_sections"]}
    setup.call("update_board_section", {"title": titles[second]}, board_section_id=first)
    setup.call("update_board_section", {"title": titles[first]}, board_section_id=second)
    setup.call("update_board", {"section_order": [second, first]}, board_id="1")
    calls = setup.counted(lambda: restored(setup, item))
    assert writes(calls) == {"update_board": 1, "update_board_section": 2}
    assert snapshot(board(setup)) == before


def test_new_parts_come_into_the_backed_up_order(setup: RestoreFixture) -> None:
    item = two_sections(setup)
    plan = planned(setup, item)
    calls = setup.counted(lambda: restored(setup, item))
    shown = snapshot(board(setup))
    assert [title for title, _, _ in shown[2]] == ["Second", "Start here"]
    assert [row[4] for row in shown[2][0][2]] == ["Renamed", "Explore"]
    assert restored(setup, item).outcome == "unchanged"
    foretold = calls_of(plan)
    assert writes(calls)
    assert all(count <= foretold[name] for name, count in writes(calls).items())
    paths = [change.path for change in plan.changes]
    assert "board_sections[1].title" in paths
    assert "board_sections[1].board_items[0].custom_url" in paths


def test_a_deleted_board_is_recreated_completely(setup: RestoreFixture) -> None:
    before = snapshot(board(setup))
    setup.call("delete_board", board_id="1")
    result = setup.restore("board=1")
    assert result.outcome == "created"
    assert snapshot(board(setup, result.destination_id)) == before
    assert setup.restore("board=1").outcome == "unchanged"


def test_a_board_is_migrated_with_its_references(setup: RestoreFixture) -> None:
    """Its dashboards have other ids there."""
    item = two_sections(setup)
    for kind in ("dashboard", "look"):
        for row in list(setup.world.table(kind)):
            setup.writer.record_mappings("20260102-030405-abcd", [mapping(kind, row["id"])])
    setup.call("delete_board", board_id="1")
    result = restored(setup, item, OTHER)
    assert result.outcome == "created"
    assert restored(setup, item, OTHER).outcome == "unchanged"
    assert len(board(setup, result.destination_id)["board_sections"]) == 2


def mapping(kind: str, object_id: str) -> Any:
    from lrestore.messages import ObjectMapping

    return ObjectMapping(kind, object_id, object_id)


def test_a_board_of_another_instance_is_matched_by_its_title(setup: RestoreFixture) -> None:
    setup.call("update_board", {"description": "Drifted"}, board_id="1")
    for kind in ("dashboard", "look"):
        for row in list(setup.world.table(kind)):
            setup.writer.record_mappings("20260102-030405-abcd", [mapping(kind, row["id"])])
    result = setup.restore("board=1", judgement=OTHER)
    assert (result.outcome, result.destination_id) == ("updated", "1")
    assert [change.path for change in result.changes] == ["description"]
    assert setup.restore("board=1", judgement=OTHER).outcome == "unchanged"


def test_two_indistinguishable_boards_are_a_dead_letter(setup: RestoreFixture) -> None:
    item = setup.item("board=1")
    item.raw["board_sections"] = []
    setup.call("delete_board", board_id="1")
    for _ in range(2):
        setup.call("create_board", {name: item.raw[name] for name in ("title", "description")})
    with pytest.raises(AmbiguousMatchError):
        ItemRestorer(setup.context(judgement=OTHER)).restore(item)


def test_of_two_boards_with_the_title_the_one_with_equal_content_matches(setup: RestoreFixture) -> None:
    setup.call("create_board", {"title": setup.item("board=1").raw["title"]})
    result = setup.restore("board=1", judgement=OTHER)
    assert (result.outcome, result.destination_id) == ("unchanged", "1")


def test_two_backed_up_boards_with_one_title_are_both_created(setup: RestoreFixture) -> None:
    """The second is not matched with the first, which has the same title."""
    first, second = setup.item("board=1"), setup.item("board=2")
    second.raw["title"] = first.raw["title"]
    for item in (first, second):
        item.raw["board_sections"] = []
        setup.call("delete_board", board_id=item.key.id)
    ids = {restored(setup, item, OTHER).destination_id for item in (first, second)}
    assert len(ids) == 2
    assert [restored(setup, item, OTHER).outcome for item in (first, second)] == ["unchanged", "unchanged"]


@pytest.mark.parametrize("operation", ["create_board", "create_board_section", "create_board_item"])
@pytest.mark.parametrize("loss", ["reset_after", "html:504"])
def test_a_lost_answer_to_a_create_is_adopted_not_repeated(setup: RestoreFixture, operation: str, loss: str) -> None:
    item = two_sections(setup)
    setup.call("delete_board", board_id="1")
    count = {kind: len(setup.world.table(kind)) for kind in ("board", "board_section", "board_item")}
    fault = setup.simulator.fault(loss, handled=True, operation=operation, times=1)
    result = restored(setup, item)
    assert fault.fired == 1
    assert result.outcome == "created"
    made = {kind: len(setup.world.table(kind)) - number for kind, number in count.items()}
    items = sum(len(section["board_items"]) for section in item.raw["board_sections"])
    assert made == {"board": 1, "board_section": 2, "board_item": items}
    assert not setup.reader.open_intents()
    assert restored(setup, item).outcome == "unchanged"


def test_a_namesake_is_not_adopted_after_an_unanswered_create(setup: RestoreFixture) -> None:
    """The server never handled the create, and another board has the title: the create is repeated."""
    item = setup.item("board=1")
    setup.call("delete_board", board_id="1")
    setup.call("update_board", {"title": item.raw["title"]}, board_id="2")
    setup.simulator.fault("reset_before", operation="create_board", times=1)
    result = setup.restore("board=1")
    assert result.outcome == "created"
    assert result.destination_id != "2"


def test_a_board_is_restored_without_items_whose_content_is_gone(setup: RestoreFixture) -> None:
    item = setup.item("board=1")
    items = item.raw["board_sections"][0]["board_items"]
    setup.call("delete_board", board_id="1")
    dashboard = next(one["dashboard_id"] for one in items if one["dashboard_id"])
    items.append({**items[0], "id": "903", "dashboard_id": None, "look_id": "7777"})
    edit(setup.world, Edit(type="dashboard", id=dashboard, delete=True))
    with pytest.raises(IncompleteError) as caught:
        restored(setup, item)
    assert f"dashboard={dashboard}" in caught.value.message and "the rest was restored" in caught.value.message
    assert [error.field for error in caught.value.errors] == [
        "board_sections[0].board_items[0].dashboard_id",
        f"board_sections[0].board_items[{len(items) - 1}].look_id",
    ]
    assert "look=7777" in caught.value.errors[1].message
    first = caught.value.restored
    assert first is not None and first.outcome == "created"
    (section,) = board(setup, first.destination_id)["board_sections"]
    assert len(section["board_items"]) == len(items) - 2
    calls = setup.counted(lambda: incomplete(lambda: restored(setup, item)))
    assert writes(calls) == {}


def test_an_omitted_item_is_created_once_its_content_exists(setup: RestoreFixture) -> None:
    item = setup.item("board=1")
    before = snapshot(board(setup))
    look = next(one["look_id"] for one in item.raw["board_sections"][0]["board_items"] if one["look_id"])
    setup.call("delete_board", board_id="1")
    setup.call("update_look", {"deleted": True}, look_id=look)
    made = incomplete(lambda: restored(setup, item)).destination_id
    setup.call("update_look", {"deleted": False}, look_id=look)
    result = restored(setup, item)
    assert (result.outcome, result.destination_id) == ("updated", made)
    assert snapshot(board(setup, made)) == before


def test_a_live_item_that_may_be_an_omitted_one_is_not_deleted(setup: RestoreFixture) -> None:
    """An unresolved reference proves nothing: the item may have been recreated by hand."""
    item = setup.item("board=1")
    (section,) = item.raw["board_sections"]
    section["board_items"].append({**section["board_items"][0], "id": "903", "dashboard_id": None, "look_id": "7777"})
    look_id = setup.item("look=4").raw["id"]
    by_hand = setup.call("create_board_item", {"board_section_id": section["id"], "look_id": look_id})
    link = setup.call("create_board_item", {"board_section_id": section["id"], "custom_url": "/b"})
    result = incomplete(lambda: restored(setup, item))
    assert [one.id for one in result.deletions] == [link["id"]]
    assert any(f"id {by_hand['id']}" in warning for warning in result.warnings)


def test_a_missing_lookml_dashboard_is_reported(setup: RestoreFixture) -> None:
    item = setup.item("board=1")
    part = {**item.raw["board_sections"][0]["board_items"][0], "id": "904", "dashboard_id": None}
    item.raw["board_sections"][0]["board_items"].append({**part, "lookml_dashboard_id": "gone::overview"})
    with pytest.raises(IncompleteError, match="lookml_dashboard=gone::overview"):
        restored(setup, item)
    assert (
        len(board(setup)["board_sections"][0]["board_items"]) == len(item.raw["board_sections"][0]["board_items"]) - 1
    )


def test_a_hidden_lookml_dashboard_is_tried_if_its_model_exists(setup: RestoreFixture) -> None:
    """Only Looker knows whether an existing model defines it, so its answer decides."""
    item = setup.item("board=1")
    name = f"{next(iter(setup.world.table('lookml_model')))['name']}::unseen"
    part = {**item.raw["board_sections"][0]["board_items"][0], "id": "904", "dashboard_id": None}
    item.raw["board_sections"][0]["board_items"].append({**part, "lookml_dashboard_id": name})
    result = restored(setup, item)
    assert any(f"does not show lookml_dashboard={name}" in warning for warning in result.warnings)
    (section,) = board(setup)["board_sections"]
    assert section["board_items"][-1]["lookml_dashboard_id"] == name


def test_an_item_without_content_is_unchanged_with_a_warning(setup: RestoreFixture) -> None:
    item = setup.item("board=1")
    part = {**item.raw["board_sections"][0]["board_items"][0], "id": "905", "dashboard_id": None}
    item.raw["board_sections"][0]["board_items"].append(part)
    result = restored(setup, item)
    assert result.outcome == "unchanged"
    assert any("shows nothing" in warning for warning in result.warnings)


def test_a_list_absent_from_the_backup_leaves_the_live_list_unchanged(setup: RestoreFixture) -> None:
    item = setup.item("board=1")
    (section,) = board(setup)["board_sections"]
    setup.call("create_board_item", {"board_section_id": section["id"], "custom_url": "/b"})
    item.raw["board_sections"][0].pop("board_items")
    result = restored(setup, item)
    assert result.outcome == "unchanged"
    assert any("without its board_items" in warning for warning in result.warnings)
    item.raw.pop("board_sections")
    result = restored(setup, item)
    assert result.outcome == "unchanged"
    assert any("without its board_sections" in warning for warning in result.warnings)


@pytest.mark.parametrize("shown", [{}, {"board_sections": None}, {"board_sections": [{"id": "1"}]}])
def test_sections_that_looker_does_not_show_are_left_alone(setup: RestoreFixture, shown: JsonObject) -> None:
    """Neither the listing nor the board itself: what it has is not known, so nothing is created or deleted."""
    item = setup.item("board=1")
    item.raw.update(board_sections=[], section_order=[])
    before = board(setup)
    listed = {name: value for name, value in before.items() if name != "board_sections"}
    setup.simulator.fault(f"body:{json.dumps([listed])}", operation="all_boards")
    setup.simulator.fault(f"body:{json.dumps({**listed, **shown})}", operation="board")
    result = restored(setup, item)
    setup.simulator.simulation.faults.clear()
    assert result.outcome == "unchanged" and not result.deletions
    assert any("Looker does not show the sections of the live board" in text for text in result.warnings)
    assert board(setup) == before


def test_an_empty_list_in_the_backup_empties_the_live_list(setup: RestoreFixture) -> None:
    item = setup.item("board=1")
    item.raw.update(board_sections=[], section_order=[])
    result = restored(setup, item)
    assert [one.type for one in result.deletions] == ["board_section"]
    assert board(setup)["board_sections"] == []


def test_a_board_in_the_trash_is_taken_out(setup: RestoreFixture) -> None:
    before = snapshot(board(setup))
    setup.call("update_board", {"deleted_at": "2026-01-02T00:00:00Z"}, board_id="1")
    result = setup.restore("board=1")
    assert (result.outcome, result.destination_id) == ("updated", "1")
    assert board(setup)["deleted_at"] is None
    assert snapshot(board(setup)) == before
    assert setup.restore("board=1").outcome == "unchanged"


def test_a_section_in_the_trash_is_taken_out(setup: RestoreFixture) -> None:
    (section,) = board(setup)["board_sections"]
    moment = {"deleted_at": "2026-01-02T00:00:00Z"}
    setup.call("update_board_section", moment, board_section_id=section["id"])
    setup.restore("board=1")
    (again,) = board(setup)["board_sections"]
    assert (again["id"], again["deleted_at"]) == (section["id"], None)


def test_a_board_that_stays_in_the_trash_is_reported(setup: RestoreFixture) -> None:
    """Looker does not document whether null takes a board out of the trash."""
    setup.call("update_board", {"deleted_at": "2026-01-02T00:00:00Z"}, board_id="1")
    context = setup.context()
    session = context.destination.session

    class Stubborn:
        def call(
            self, operation_id: str, *, path: Any = None, query: Any = None, body: Any = None, only: Any = None
        ) -> Any:
            if operation_id == "update_board":
                body = {name: value for name, value in body.items() if name != "deleted_at"}
            return session.call(operation_id, path=path or {}, query=query or {}, body=body)

    context = replace(context, destination=replace(context.destination, session=Stubborn()))
    with pytest.raises(NotRestorableError, match="trash"):
        ItemRestorer(context).restore(setup.item("board=1"))


def test_an_owner_is_set_if_the_release_supports_it(setup: RestoreFixture) -> None:
    edit(setup.world, Edit(type="board", id="1", set={"user_id": "2"}))
    result = setup.restore("board=1")
    assert [change.path for change in result.changes] == ["user_id"]
    assert board(setup)["user_id"] == "1"


def test_a_lost_image_is_reported(setup: RestoreFixture) -> None:
    item = setup.item("board=1")
    item.raw["board_sections"][0]["board_items"][0].update(use_custom_image=True, custom_image_url="/img")
    setup.call("delete_board", board_id="1")
    result = restored(setup, item)
    assert any("image of its own" in warning for warning in result.warnings)
    assert restored(setup, item).outcome == "unchanged"


def test_no_mail_is_sent(setup: RestoreFixture) -> None:
    item = two_sections(setup)
    setup.call("delete_board", board_id="1")
    calls = setup.counted(lambda: restored(setup, item))
    assert "create_content_metadata_access" not in calls
    assert setup.simulator.log.incidents == []


def test_a_part_that_looker_refuses_fails_the_item_and_deletes_nothing(setup: RestoreFixture) -> None:
    from lrestore.errors import LookerError

    item = two_sections(setup)
    more = setup.call("create_board_section", {"board_id": "1", "title": "Extra"})
    setup.simulator.fault("status:422", operation="create_board_section")
    with pytest.raises(LookerError) as caught:
        restored(setup, item)
    assert caught.value.path == "board_sections[1]"
    assert more["id"] in board(setup)["section_order"]
    setup.simulator.simulation.faults.clear()
    assert restored(setup, item).outcome == "updated"
    assert more["id"] not in board(setup)["section_order"]


def test_an_item_of_another_kind_is_replaced(setup: RestoreFixture) -> None:
    """A pinned dashboard was changed to a link: the link is removed and the pin recreated at its position."""
    before = snapshot(board(setup))
    pin = next(one for one in board(setup)["board_sections"][0]["board_items"] if one["dashboard_id"])
    edit(setup.world, Edit(type="board_item", id=pin["id"], set={"dashboard_id": None, "custom_url": "/b"}))
    calls = setup.counted(lambda: setup.restore("board=1"))
    assert (calls["create_board_item"], calls["delete_board_item"], calls["update_board_item"]) == (1, 1, 0)
    assert snapshot(board(setup)) == before
    assert setup.restore("board=1").outcome == "unchanged"


def test_an_item_of_another_kind_stays_while_its_replacement_cannot_be_created(setup: RestoreFixture) -> None:
    item = setup.item("board=1")
    pin = next(one for one in item.raw["board_sections"][0]["board_items"] if one["dashboard_id"])
    pin |= {"dashboard_id": None, "look_id": "7654321"}
    incomplete(lambda: restored(setup, item))
    assert pin["id"] in {one["id"] for one in board(setup)["board_sections"][0]["board_items"]}
