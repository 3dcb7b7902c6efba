"""Which values another person has set between two sessions: neither as before the first one, nor written by it."""

from __future__ import annotations

from typing import Any

import pytest

from lrestore.json_types import JsonObject
from lrestore.messages import Change, Deletion, ItemKey, Touch
from lrestore.restoration.changed_since import WrittenValues, changed_creation, changed_fields, edited_between
from lrestore.restoration.ports import EarlierWrites
from lrestore.restoration.touches import touches_of
from lrestore.restoration.writes import Plan, Removal, Write

LOOK, BOARD = ItemKey("look", "4"), ItemKey("dashboard", "8")


def write(kind: str, live_id: str, body: JsonObject, *, source_id: str = "", changes: Any = ()) -> Write:
    """An update that is about to be sent."""
    return Write(
        operation=f"update_{kind}", type=kind, source_id=source_id, live_id=live_id, path="", name="", body=body,
        changes=changes,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("live", "edited"),
    [
        ({"title": "before"}, []),
        ({"title": "written"}, []),
        ({"title": "written (being restored 4)"}, []),
        ({"title": "by hand"}, ["title"]),
    ],
)
def test_an_own_field_is_edited_if_it_is_neither_as_before_nor_as_written(live: JsonObject, edited: list[str]) -> None:
    earlier = EarlierWrites((Touch("look", "4", "update", {"title": "written"}),), {"id": "4", "title": "before"})
    found = edited_between(
        WrittenValues(earlier, LOOK, earlier.copied), live, write("look", "4", {"title": "own"}), Plan()
    )
    assert found == edited


@pytest.mark.parametrize(("label", "edited"), [("made", []), ("renamed", []), ("by hand", ["label"])])
def test_of_a_part_that_was_made_the_fields_that_were_sent_are_known(label: str, edited: list[str]) -> None:
    touches = (
        Touch("dashboard_layout", "1", "create", {"label": "made"}),
        Touch("dashboard_layout", "10", "update", {"label": "renamed"}),
    )
    live = {"id": "8", "dashboard_layouts": [{"id": "10", "label": label}]}
    plan = Plan([write("dashboard_layout", "10", {"label": "own"}, source_id="1")])
    assert edited_between(WrittenValues(EarlierWrites(touches, {}), BOARD, {}), live, None, plan) == edited


def test_what_looker_made_by_itself_is_no_edit_whatever_it_is_like() -> None:
    """The first layout of a new dashboard: it was about to be changed when the process died."""
    touches = (Touch("dashboard_layout", "10", "update", {"label": "Overview"}),)
    live = {"id": "8", "dashboard_layouts": [{"id": "10", "label": None}]}
    plan = Plan([write("dashboard_layout", "10", {"label": "Overview"})])
    assert edited_between(WrittenValues(EarlierWrites(touches, {}), BOARD, {}), live, None, plan) == []


@pytest.mark.parametrize("first_name", [None, "Embed", "Grace"])
def test_what_is_set_after_a_create_is_no_edit_before_it_is_set(first_name: str | None) -> None:
    """An embed user is made with its external id alone; the process died before it sent the name."""
    make = Write(
        operation="create_embed_user", type="user", source_id="7", live_id="", path="", name="",
        body={"external_user_id": "portal-5"},
    )  # fmt: skip
    touches = touches_of(make, Plan([write("user", "", {"first_name": "Grace"}, source_id="7")]))
    user = ItemKey("user", "507")
    live: JsonObject = {"id": "507", "first_name": first_name}
    own = write("user", "507", {"first_name": "Grace"}, source_id="7")
    assert edited_between(WrittenValues(EarlierWrites(touches, {}), user, {}), live, own, Plan()) == []
    assert WrittenValues(EarlierWrites(touches, {}), user, {}).values("user", {"507", "7"}, "first_name") == ["Grace"]


def test_a_login_that_is_not_there_yet_is_no_edit() -> None:
    touches = (Touch("credentials_email", "8", "create", {"email": "a@example.com"}),)
    login = write("credentials_email", "12", {"email": "a@example.com"})
    written = WrittenValues(EarlierWrites(touches, {}), ItemKey("user", "12"), {})
    assert edited_between(written, {"id": "12", "credentials_email": None}, None, Plan([login])) == []


@pytest.mark.parametrize(
    ("old", "new", "edited"),
    [
        (["1", "2"], ["1"], False),
        (["1", "3"], ["1"], False),
        (["1", "9"], ["1"], True),
        (["3"], ["1", "3"], True),
    ],
)
def test_a_list_is_edited_by_an_entry_that_none_of_the_writes_gave_or_took(
    old: list[str], new: list[str], edited: bool
) -> None:
    touches = (Touch("group_user", "", "update", {"group_ids": ["1", "3"]}),)
    earlier = EarlierWrites(touches, {"id": "5", "group_ids": ["1", "2"]})
    plan = Plan([write("group_user", "1", {}, changes=(Change("group_ids", old, new),))])
    found = edited_between(WrittenValues(earlier, ItemKey("user", "5"), earlier.copied), {"id": "5"}, None, plan)
    assert found == (["group_ids"] if edited else [])


@pytest.mark.parametrize(("url", "changed"), [("/made", []), ("/by/hand", ["board_item 31"])])
def test_a_section_is_not_deleted_with_the_item_of_another_person(url: str, changed: list[str]) -> None:
    touches = (
        Touch("board_section", "2", "create", {"title": "made"}),
        Touch("board_item", "3", "create", {"custom_url": "/made"}),
    )
    item = {"id": "31", "board_section_id": "21", "custom_url": url}
    live = {"id": "8", "board_sections": [{"id": "21", "title": "made", "board_items": [item]}]}
    plan = Plan(removals=[Removal("delete_board_section", Deletion("board_section", "21", "made"))])
    written = WrittenValues(EarlierWrites(touches, {}), ItemKey("board", "8"), {"id": "8", "board_sections": []})
    assert changed_fields(written, live, None, plan) == changed


@pytest.mark.parametrize(
    ("shown", "changed"),
    [
        ({}, False),
        ({"message": ""}, False),
        ({"message": "by hand"}, True),
        ({"address": "other@example.com"}, True),
    ],
)
def test_destinations_are_as_written_whatever_looker_adds_to_them(shown: JsonObject, changed: bool) -> None:
    """A killed process leaves no record of Looker's answer, which has ids."""
    key = ItemKey("scheduled_plan", "3")
    sent = {"type": "email", "address": "a@example.com", "format": "csv", "apply_vis": False}
    left = EarlierWrites((Touch("scheduled_plan", "3", "update", {"scheduled_plan_destination": [sent]}),), {})
    added = {"id": "12", "scheduled_plan_id": "3", "looker_recipient": True, "message": None, "secret_parameters": None}
    live = {"id": "3", "scheduled_plan_destination": [{**sent, **added, **shown}]}
    own = write("scheduled_plan", "3", {"scheduled_plan_destination": [{**sent, "address": "before@example.com"}]})
    found = changed_fields(WrittenValues(left, key, {}), live, own, Plan())
    assert found == (["scheduled_plan_destination"] if changed else [])


@pytest.mark.parametrize(("name", "changed"), [("made", []), ("by hand", ["name"])])
def test_what_was_made_under_another_id_is_compared_with_what_it_was_made_with(name: str, changed: list[str]) -> None:
    """A creation is on record under the id that the object has in the backup."""
    made = EarlierWrites(
        (
            Touch("scheduled_plan", "3", "create", {"name": "made", "enabled": False}),
            Touch("scheduled_plan", "3", "update", {"enabled": True}),
        ),
        {},
    )
    live = {"id": "5", "name": name, "enabled": True}
    assert changed_creation(WrittenValues(made, ItemKey("scheduled_plan", "5"), {}), live) == changed


@pytest.mark.parametrize(("title", "changed"), [("made", []), ("by hand", ["dashboard_element 16.title"])])
def test_a_part_that_was_made_and_edited_since_is_not_removed(title: str, changed: list[str]) -> None:
    touches = (Touch("dashboard_element", "16", "create", {"title": "made", "dashboard_id": "8", "look_id": "7"}),)
    live = {"id": "8", "dashboard_elements": [{"id": "16", "title": title, "look_id": "7"}]}
    plan = Plan(removals=[Removal("delete_dashboard_element", Deletion("dashboard_element", "16", title))])

    class Made(EarlierWrites):
        def made_from(self, type_name: str, live_id: str) -> str | None:
            return "16"

    assert changed_fields(WrittenValues(Made(touches, {}), BOARD, {"id": "8"}), live, None, plan) == changed
