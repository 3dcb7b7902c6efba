"""The sections of a board: how they are matched, their order, and the order of the items in each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lrestore.content.diff import changes
from lrestore.ontology import PARTS
from lrestore.restoration.identify.parts import ContentKey, Keys
from lrestore.restoration.writes import Write

if TYPE_CHECKING:
    from lrestore.content.shapes.board import Board, BoardSection


ORDERED: Final = {"board": "section_order", "board_section": "item_order"}
"""The fields with the order of parts, by type."""


@dataclass(slots=True)
class Order:
    """The wanted order of the parts of a board or section: live ids, and source ids of parts to create.

    ``parent`` is the source id of the board or section, ``part`` the type of the parts.
    """

    type: str
    parent: str
    path: str
    part: str
    source_ids: list[str]


@dataclass(frozen=True, slots=True)
class Holder:
    """A live board or section. ``order``: the ids of its parts in order, as the ``field`` of that name shows them;
    ``parts``: those of the parts that it has.
    """

    id: str
    field: str
    order: list[str] | None
    parts: frozenset[str]


def holder_of(order: Order, board: Board, live_id: str | None) -> Holder | None:
    """The live holder of the parts that are to be in order, as the board shows it; ``live_id`` is that of the section.
    None where it is not there.
    """
    if order.type == "board":
        return _board_holder(board) if board.get("id") else None
    sections = board.get("board_sections") or ()
    return next((_section_holder(one) for one in sections if str(one["id"]) == live_id), None)


def _board_holder(board: Board) -> Holder:
    """The board as the holder of its sections."""
    parts = frozenset(str(one["id"]) for one in board.get("board_sections") or ())
    return Holder(str(board["id"]), "section_order", board.get("section_order"), parts)


def _section_holder(section: BoardSection) -> Holder:
    """The section as the holder of its items."""
    parts = frozenset(str(one["id"]) for one in section.get("board_items") or ())
    return Holder(str(section["id"]), "item_order", section.get("item_order"), parts)


def order_write(order: Order, ids: list[str], holder: Holder, leaving: Collection[str] = frozenset()) -> Write | None:
    """The update that puts the parts with these live ids in order; None if they are. Other parts come after them, but
    not those that are ``leaving``: Looker may refuse the id of a part that it has moved to another section.
    """
    present = [str(one) for one in holder.order or ()]
    if [one for one in present if one in ids] == ids:
        return None
    kept = holder.parts - {*ids, *leaving}
    body = {holder.field: [*ids, *(one for one in present if one in kept)]}
    operation = "update_board" if order.type == "board" else PARTS[order.type].update or ""
    prefix = f"{order.path}." if order.path else ""
    return Write(
        operation=operation,
        type=order.type,
        source_id=order.parent,
        live_id=holder.id,
        path=order.path,
        name="",
        body=body,
        changes=changes(body, {holder.field: holder.order}, prefix),
    )


def order_of_present(order: list[str] | None, own: list[str]) -> list[str]:
    """The backed-up order, less what is not there; nothing where the backup has none."""
    return [one for one in map(str, order or ()) if one in own]


def _texts(section: BoardSection) -> tuple[str, str]:
    return str(section.get("title") or ""), str(section.get("description") or "")


def _title(section: BoardSection) -> str | None:
    return section.get("title") or None


def _alive(key: ContentKey[BoardSection]) -> ContentKey[BoardSection]:
    """The same key, of sections that are not in the trash."""
    return lambda section: None if section.get("deleted_at") else key(section)


SECTION_KEYS: Keys[BoardSection] = ((_texts, _alive(_texts)), (_title, _alive(_title)))
"""Keys of sections: title and description, then title. A section in the trash is matched by its id alone."""
