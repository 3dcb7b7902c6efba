"""Boards, their sections, and the items pinned in these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrestore.simulator.api.access import add_metadata, remove_metadata
from lrestore.simulator.api.crud import Draft, TypeRules, handles, provide, show_page
from lrestore.simulator.core.simulation import OperationCall
from lrestore.simulator.core.store import Record


def _board_made(call: OperationCall, board: Record) -> None:
    board["user_id"] = board["user_id"] or call.user_id or None
    board["section_order"] = board["section_order"] or []
    add_metadata(call.world, "board", board)


def _board_removed(call: OperationCall, board: Record) -> None:
    remove_metadata(call.world, board)
    for section in call.world.table("board_section").where("board_id", board["id"]):
        call.world.table("board_section").remove(section["id"])
        _section_removed(call, section)


def _check_order(draft: Draft, name: str, kind: str, parent: str) -> None:
    """An order may name only children of this parent."""
    if draft.old is None or not draft.sets(name):
        return
    own = {row["id"] for row in draft.call.world.table(kind).where(parent, draft.old["id"])}
    for key in draft.new[name] or ():
        if key not in own:
            draft.problem(name, f"{kind} {key} is not part of this one")


BOARD = TypeRules(
    type="board",
    references={"user_id": "user"},
    defaults={"can": {"show": True, "update": True}},
    check=lambda draft: _check_order(draft, "section_order", "board_section", "board_id"),
    made=_board_made,
    removed=_board_removed,
)
provide(BOARD, get="board", all="all_boards", search="search_boards", create="create_board", update="update_board")
provide(BOARD, delete="delete_board")


def _section_made(call: OperationCall, section: Record) -> None:
    section["item_order"] = section["item_order"] or []
    section["visible_item_order"] = section["item_order"]
    board = call.world.get("board", section["board_id"])
    if board is not None:
        board["section_order"] = [*(board["section_order"] or ()), section["id"]]


def _section_changed(call: OperationCall, section: Record, before: Mapping[str, Any]) -> None:
    section["visible_item_order"] = section["item_order"]


def _section_removed(call: OperationCall, section: Record) -> None:
    board = call.world.get("board", section["board_id"])
    if board is not None:
        board["section_order"] = [key for key in board["section_order"] or () if key != section["id"]]
    for item in call.world.table("board_item").where("board_section_id", section["id"]):
        call.world.table("board_item").remove(item["id"])


def _check_section(draft: Draft) -> None:
    draft.require("board_id")
    _check_order(draft, "item_order", "board_item", "board_section_id")


SECTION = TypeRules(
    type="board_section",
    references={"board_id": "board"},
    defaults={"can": {"show": True}},
    check=_check_section,
    made=_section_made,
    changed=_section_changed,
    removed=_section_removed,
)
provide(SECTION, get="board_section", all="all_board_sections", create="create_board_section")
provide(SECTION, update="update_board_section", delete="delete_board_section")

_SOURCES = ("dashboard_id", "look_id", "lookml_dashboard_id", "custom_url")


def _check_item(draft: Draft) -> None:
    draft.require("board_section_id")
    if not any(draft.new[name] for name in _SOURCES):
        draft.problem("dashboard_id", f"one of {', '.join(_SOURCES)} is required")


def _item_made(call: OperationCall, item: Record) -> None:
    section = call.world.get("board_section", item["board_section_id"])
    if section is not None:
        section["item_order"] = [*(section["item_order"] or ()), item["id"]]
        section["visible_item_order"] = section["item_order"]
    _describe(call, item)


def _item_changed(call: OperationCall, item: Record, before: Mapping[str, Any]) -> None:
    if item["board_section_id"] != before["board_section_id"]:
        _item_removed(call, dict(before))
        _item_made(call, item)
    _describe(call, item)


def _describe(call: OperationCall, item: Record) -> None:
    dashboard = call.world.get("dashboard", item["dashboard_id"])
    look = call.world.get("look", item["look_id"])
    content = dashboard or look
    if content is not None:
        item["content_metadata_id"] = content["content_metadata_id"]
        item["url"] = f"/{'dashboards' if dashboard else 'looks'}/{content['id']}"
    own_title = item["custom_title"] if item["use_custom_title"] else None
    shown = content["title"] if content else item["title"] or item["custom_title"]
    item["title"] = own_title or shown or item["lookml_dashboard_id"] or ""
    if item["use_custom_url"] or not item["url"]:
        item["url"] = item["custom_url"] or item["url"]


def _item_removed(call: OperationCall, item: Record) -> None:
    section = call.world.get("board_section", item["board_section_id"])
    if section is not None:
        section["item_order"] = [key for key in section["item_order"] or () if key != item["id"]]
        section["visible_item_order"] = section["item_order"]


ITEM = TypeRules(
    type="board_item",
    references={"board_section_id": "board_section", "dashboard_id": "dashboard", "look_id": "look"},
    defaults={"can": {"show": True}, "view_count": 0, "favorite_count": 0},
    check=_check_item,
    made=_item_made,
    changed=_item_changed,
    removed=_item_removed,
)
provide(ITEM, get="board_item", create="create_board_item", update="update_board_item", delete="delete_board_item")


@handles("all_board_items")
def _all_items(call: OperationCall) -> object:
    section_id = call.query.get("board_section_id")
    table = call.world.table("board_item")
    rows = list(table) if section_id is None else table.where("board_section_id", section_id)
    return show_page(call, "board_item", rows)
