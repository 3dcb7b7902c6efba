"""The sub-resources of a board: sections, items, and their order.

A board has no ``deleted`` but a writable ``deleted_at``. It is not documented that null takes a board out of the trash:
lrestore sends it, and Looker's answer shows whether it worked.
"""

from __future__ import annotations

from lrestore.errors import NotRestorableError
from lrestore.json_types import JsonObject
from lrestore.messages import Change
from lrestore.restoration.apply.execute import Applied
from lrestore.restoration.boards.apply import apply_parts
from lrestore.restoration.boards.planner import BoardPlan, BoardPlanner
from lrestore.restoration.context import Context, WritingContext
from lrestore.restoration.deferred import Deferred
from lrestore.restoration.identify.match import Match
from lrestore.restoration.journal import LiveObject
from lrestore.restoration.plan.own_fields import OwnPlanner
from lrestore.restoration.plan.text_links import Linker
from lrestore.restoration.touches import touches_of
from lrestore.vault.items import VaultItem

_HIDDEN = "Looker does not show the sections of the live board: they are left alone"
_AGAIN = "it is in the trash, where its sections may be shown as deleted: they are compared again when it is out"
_UNSEEN = "it is in the trash, where Looker does not show its sections: they are compared when it is out"


def adjust_board(planner: OwnPlanner, wanted: JsonObject) -> None:
    """The order of sections is set when these exist; a restore puts no board into the trash."""
    wanted.pop("section_order", None)
    if planner.context.policy.literal:
        back = wanted.get("deleted_at") and planner.live is not None and not planner.live.get("deleted_at")
        if back and planner.ends.defer_if_in_run(planner.key):
            del wanted["deleted_at"]
        return
    if planner.raw.get("deleted_at"):
        planner.warnings.append("it was in the trash when it was backed up: it is restored and not put there")
        wanted["deleted_at"] = None
    if planner.live is None:
        wanted.pop("deleted_at", None)
        if planner.raw.get("primary_homepage"):
            planner.warnings.append("it was the primary homepage, which Looker's API cannot set")


class BoardSubResources:
    """Implements :class:`lrestore.restoration.type_handlers.SubResources`."""

    def __init__(self, context: Context, item: VaultItem, ends: Deferred) -> None:
        self._context = context
        self._item = item
        self._ends = ends
        self._unseen = False
        self._ids_hold = False

    def plan(self, match: Match) -> BoardPlan:
        if match.live is None:
            return self._planned({}, ids_hold=False)
        self._ids_hold = match.ids_hold
        live = self._whole(match.live)
        if live.get("board_sections") is None:
            self._unseen = bool(live.get("deleted_at"))
            hidden = BoardPlan(warnings=[_UNSEEN if self._unseen else _HIDDEN])
            hidden.unseen = self._all_parts if self._unseen else None
            return hidden
        plan = self._planned(live, ids_hold=match.ids_hold)
        if live.get("deleted_at"):
            plan.warnings.append(_AGAIN)
            plan.unseen = self._all_parts
        if live is not match.live:
            plan.seen["board_sections"] = live["board_sections"]
        return plan

    def apply(
        self, context: WritingContext, applied: Applied, plan: BoardPlan, live: JsonObject
    ) -> tuple[BoardPlan, list[Change]]:
        live = {**live, **plan.seen}
        if live.get("deleted_at") and not applied.created:
            live = self._out_of_the_trash(live)
            if _has_all_lists(live):
                plan = self._planned(live, ids_hold=self._ids_hold)
                context.permit.parts(self._item.key, str(live["id"]), plan)
                kept = LiveObject("board", str(live["id"]), self._item.name, live)
                sections = {"board_sections": live["board_sections"]}
                context.journal.keep(kept, sections, touches_of(None, plan))
        return plan, apply_parts(context, applied, plan, live)

    def _all_parts(self) -> BoardPlan:
        """The writes that create all parts; a part that exists is updated if it differs."""
        return self._planned({}, ids_hold=False)

    def _planned(self, live: JsonObject, *, ids_hold: bool) -> BoardPlan:
        linker = Linker(self._context, self._item.key, self._ends, str(live.get("id") or ""))
        raw = linker.parts(self._item)
        plan = BoardPlanner(self._context, self._item.key, raw, live, ids_hold=ids_hold).plan()
        plan.warnings += linker.warnings
        return plan

    def _whole(self, live: JsonObject) -> JsonObject:
        """The board with its sections and their items: a listing may leave them out."""
        if _is_whole(live):
            return live
        shown = self._context.destination.session.call("board", path={"board_id": str(live["id"])})
        return {**live, "board_sections": shown.get("board_sections") if _has_all_lists(shown) else None}

    def _out_of_the_trash(self, live: JsonObject) -> JsonObject:
        """The current board, if it is out of the trash."""
        shown = self._context.destination.session.call("board", path={"board_id": str(live["id"])})
        if shown.get("deleted_at") or (self._unseen and not _has_all_lists(shown)):
            key = self._item.key
            raise NotRestorableError(
                f"{key} is in the trash, and Looker did not take it out when deleted_at was set to null",
                hint="take it out of the trash in Looker, then restore it again",
                key=key,
            )
        return {**live, **shown}


def _is_whole(board: JsonObject) -> bool:
    """Whether a listing shows all parts: no list is missing, and none is empty although its order names parts."""
    return _has_all_lists(board) and all(
        parent[parts] or not parent.get(order)
        for parent, parts, order in (
            (board, "board_sections", "section_order"),
            *((section, "board_items", "item_order") for section in board["board_sections"]),
        )
    )


def _has_all_lists(board: JsonObject) -> bool:
    sections = board.get("board_sections")
    return isinstance(sections, list) and all(isinstance(one.get("board_items"), list) for one in sections)
