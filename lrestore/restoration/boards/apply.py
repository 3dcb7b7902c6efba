"""Carries out the plan for a board's parts: sections, then their items, then the orders, deletions last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrestore.messages import Change
from lrestore.restoration.apply.execute import Applied, create_parts, update_all
from lrestore.restoration.apply.removal import remove_all
from lrestore.restoration.boards.orders import Order, holder_of, order_write
from lrestore.restoration.boards.plan import BoardPlan
from lrestore.restoration.context import WritingContext
from lrestore.restoration.writes import FutureId, Write

if TYPE_CHECKING:
    from lrestore.content.shapes.board import Board


def apply_parts(context: WritingContext, applied: Applied, plan: BoardPlan, live: Board) -> list[Change]:
    """Write what differs. ``live`` is the board as it was read, or as Looker has just made it.

    Returns the changes of orders, which are known only when all parts exist. Refusals are in ``applied``.
    """
    board_id = str(live["id"])
    applied.made["board", applied.key.id] = board_id
    applied.made.update(plan.matched)
    known = {str(section["id"]) for section in live.get("board_sections") or ()}
    update_all(context, applied, _of(plan, "board_section", creates=False, order=False))
    create_parts(context, applied, _of(plan, "board_section", creates=True), board_id, known)
    update_all(context, applied, _placed(applied, _of(plan, "board_item", creates=False)))
    _create_items(context, applied, plan, live)
    update_all(context, applied, [write for write in plan.writes if _is_order(write)])
    found = _settle_orders(context, applied, plan, board_id)
    if not applied.failures:
        remove_all(context.destination.session, applied, plan.removals)
    return found


def _of(plan: BoardPlan, kind: str, *, creates: bool, order: bool | None = None) -> list[Write]:
    return [
        write
        for write in plan.writes
        if write.type == kind and write.creates is creates and (order is None or _is_order(write) is order)
    ]


def _is_order(write: Write) -> bool:
    return not write.creates and ("section_order" in write.body or "item_order" in write.body)


def _create_items(context: WritingContext, applied: Applied, plan: BoardPlan, live: Board) -> None:
    """Create items section by section: the item of an unanswered create is searched for in its section."""
    known = {
        str(item["id"]) for section in live.get("board_sections") or () for item in section.get("board_items") or ()
    }
    by_section: dict[str, list[Write]] = {}
    for write in _placed(applied, _of(plan, "board_item", creates=True)):
        by_section.setdefault(_section_id(applied, write) or "", []).append(write)
    for section_id, writes in by_section.items():
        create_parts(context, applied, writes, section_id, known)


def _placed(applied: Applied, writes: list[Write]) -> list[Write]:
    """The items whose section exists; if a section was refused, its items are not tried."""
    return [write for write in writes if "board_section_id" not in write.body or _section_id(applied, write)]


def _section_id(applied: Applied, write: Write) -> str | None:
    section = write.body["board_section_id"]
    return applied.made.get((section.type, section.source_id)) if isinstance(section, FutureId) else str(section)


def _settle_orders(context: WritingContext, applied: Applied, plan: BoardPlan, board_id: str) -> list[Change]:
    """Looker does not document where it puts new parts: read the order, and set it if it differs. One part is in order
    wherever it is.
    """
    pending = [order for order in plan.pending if len(_there(applied, order)) > 1]
    if not pending:
        return []
    board: Board = context.destination.session.call("board", path={"board_id": board_id})
    writes = [write for order in pending if (write := _order_write(applied, order, board)) is not None]
    update_all(context, applied, writes)
    return [change for write in writes for change in write.changes]


def _order_write(applied: Applied, order: Order, board: Board) -> Write | None:
    live_id = applied.made.get((order.type, order.parent))
    holder = holder_of(order, board, live_id)
    return order_write(order, _there(applied, order), holder) if holder is not None else None


def _there(applied: Applied, order: Order) -> list[str]:
    """The live ids of those parts of the order that exist."""
    ids = [applied.made.get((order.part, source_id)) for source_id in order.source_ids]
    return [live_id for live_id in ids if live_id is not None]
