"""The sub-resources of a board: sections, items, and their order.

A board has no ``deleted`` but a writable ``deleted_at``. It is not documented that null takes a board out of the trash:
lrestore sends it, and Looker's answer shows whether it worked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrestore.content.shapes.boundary import as_board
from lrestore.errors import NotRestorableError
from lrestore.json_types import JsonObject
from lrestore.messages import Change
from lrestore.restoration.apply.execute import Applied
from lrestore.restoration.boards.apply import apply_parts
from lrestore.restoration.boards.plan import BoardPlan
from lrestore.restoration.boards.planner import BoardPlanner
from lrestore.restoration.context import Context, WritingContext
from lrestore.restoration.deferrals import Deferred
from lrestore.restoration.identify.match import Match
from lrestore.restoration.journal import LiveObject
from lrestore.restoration.plan.own_fields import OwnPlanner
from lrestore.restoration.plan.text_links import Linker
from lrestore.restoration.touches import touches_of
from lrestore.vault.items import VaultItem

if TYPE_CHECKING:
    from lrestore.content.shapes.board import Board

_HIDDEN = "Looker does not show the sections of the live board: they are left alone"
_AGAIN = "it is in the trash, where its sections may be shown as deleted: they are compared again when it is out"
_UNSEEN = "it is in the trash, where Looker does not show its sections: they are compared when it is out"


def adjust_board(planner: OwnPlanner, body: JsonObject) -> None:
    """The order of sections is set when these exist; a restore puts no board into the trash."""
    wanted, raw, live = as_board(body), as_board(planner.raw), as_board(planner.live or {})
    wanted.pop("section_order", None)
    if planner.context.policy.literal:
        back = wanted.get("deleted_at") and planner.live is not None and not live.get("deleted_at")
        if back and planner.deferred.defer_if_in_run(planner.key):
            del wanted["deleted_at"]
        return
    if raw.get("deleted_at"):
        planner.warnings.append("it was in the trash when it was backed up: it is restored and not put there")
        wanted["deleted_at"] = None
    if planner.live is None:
        wanted.pop("deleted_at", None)
        if raw.get("primary_homepage"):
            planner.warnings.append("it was the primary homepage, which Looker's API cannot set")


class BoardSubResources:
    """Implements :class:`lrestore.restoration.type_handlers.SubResources`."""

    def __init__(self, context: Context, item: VaultItem, deferred: Deferred) -> None:
        self._context = context
        self._item = item
        self._deferred = deferred
        self._unseen = False
        self._ids_hold = False

    def plan(self, match: Match) -> BoardPlan:
        if match.live is None:
            return self._planned({}, ids_hold=False)
        self._ids_hold = match.ids_hold
        found = as_board(match.live)
        live = self._whole(found)
        if live.get("board_sections") is None:
            self._unseen = bool(live.get("deleted_at"))
            hidden = BoardPlan(warnings=[_UNSEEN if self._unseen else _HIDDEN])
            hidden.unseen = self._all_parts if self._unseen else None
            return hidden
        plan = self._planned(live, ids_hold=match.ids_hold)
        if live.get("deleted_at"):
            plan.warnings.append(_AGAIN)
            plan.unseen = self._all_parts
        if live is not found:
            plan.seen["board_sections"] = live["board_sections"]
        return plan

    def apply(
        self, context: WritingContext, applied: Applied, plan: BoardPlan, live: JsonObject
    ) -> tuple[BoardPlan, list[Change]]:
        live = {**live, **plan.seen}
        board = as_board(live)
        if board.get("deleted_at") and not applied.created:
            live = {**live, **self._out_of_the_trash(str(board["id"]))}
            board = as_board(live)
            if _has_all_lists(board):
                plan = self._planned(board, ids_hold=self._ids_hold)
                context.permit.parts(self._item.key, str(board["id"]), plan)
                kept = LiveObject("board", str(board["id"]), self._item.name, live)
                sections = {"board_sections": board["board_sections"]}
                context.journal.keep(kept, sections, touches_of(None, plan))
        return plan, apply_parts(context, applied, plan, board)

    def _all_parts(self) -> BoardPlan:
        """The writes that create all parts; a part that exists is updated if it differs."""
        return self._planned({}, ids_hold=False)

    def _planned(self, live: Board, *, ids_hold: bool) -> BoardPlan:
        linker = Linker(self._context, self._item.key, self._deferred, str(live.get("id") or ""))
        raw = as_board(linker.parts(self._item))
        plan = BoardPlanner(self._context, self._item.key, raw, live, ids_hold=ids_hold).plan()
        plan.warnings += linker.warnings
        return plan

    def _whole(self, live: Board) -> Board:
        """The board with its sections and their items: a listing may leave them out, or be older than a part that this
        run has created.
        """
        if _is_whole(live) and not self._lacks_recorded_parts(live):
            return live
        shown = self._shown(str(live["id"]))
        return {**live, "board_sections": shown.get("board_sections") if _has_all_lists(shown) else None}

    def _lacks_recorded_parts(self, live: Board) -> bool:
        """Whether a part of the board is on record under an id that ``live`` does not show."""
        shown = _part_ids(live)
        for kind, part_id in _part_ids(as_board(self._item.raw)):
            if not (self._ids_hold and (kind, part_id) in shown):
                recorded = self._context.records.recorded(kind, part_id)
                if recorded is not None and (kind, recorded.destination_id) not in shown:
                    return True
        return False

    def _shown(self, live_id: str) -> Board:
        return as_board(self._context.destination.session.call("board", path={"board_id": live_id}))

    def _out_of_the_trash(self, live_id: str) -> Board:
        """The current board, if it is out of the trash."""
        shown = self._shown(live_id)
        if shown.get("deleted_at") or (self._unseen and not _has_all_lists(shown)):
            key = self._item.key
            raise NotRestorableError(
                f"{key} is in the trash, and Looker did not take it out when deleted_at was set to null",
                hint="take it out of the trash in Looker, then restore it again",
                key=key,
            )
        return shown


def _part_ids(board: Board) -> set[tuple[str, str]]:
    """Type and id of all sections and items."""
    sections = board.get("board_sections") or ()
    items = (item for section in sections for item in section.get("board_items") or ())
    return {
        *(("board_section", str(one["id"])) for one in sections),
        *(("board_item", str(one["id"])) for one in items),
    }


def _is_whole(board: Board) -> bool:
    """Whether a listing shows all parts: no list is missing, and none is empty although its order names parts."""
    sections = board.get("board_sections") or []
    return (
        _has_all_lists(board)
        and (bool(sections) or not board.get("section_order"))
        and all(section.get("board_items") or not section.get("item_order") for section in sections)
    )


def _has_all_lists(board: Board) -> bool:
    sections = board.get("board_sections")
    return isinstance(sections, list) and all(isinstance(one.get("board_items"), list) for one in sections)
