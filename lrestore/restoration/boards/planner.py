"""Plans the restore of a board's sections and items, and of their order.

The live board is read completely. Sections are matched first, then all items of the board together: an item that was
moved to another section is moved back, not created again. Orders contain ids, so orders with new parts are written when
these exist.

An absent list is not an empty one: a board that was backed up without its sections keeps its live sections.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lrestore.content.diff import changes, differing
from lrestore.content.payload import create_body, wanted_part
from lrestore.messages import Deletion, ItemKey
from lrestore.ontology import PARTS, fields
from lrestore.restoration.boards.bodies import section_body, shown_body
from lrestore.restoration.boards.items import (
    Pin,
    PinPart,
    Targets,
    kind_shown,
    live_source,
    lost_image,
    shows_nothing,
    wanted_item,
)
from lrestore.restoration.boards.orders import SECTION_KEYS, Order, holder_of, order_of_present, order_write
from lrestore.restoration.boards.plan import BoardPlan
from lrestore.restoration.context import Context
from lrestore.restoration.identify.parts import Matching, mapped_part, match_parts
from lrestore.restoration.writes import FutureId, Removal, Write

if TYPE_CHECKING:
    from lrestore.content.shapes.board import Board, BoardSection


class BoardPlanner:
    """Plans the parts of one board. ``live`` is the board with its sections, or {} for one that is to be created."""

    def __init__(self, context: Context, key: ItemKey, raw: Board, live: Board, *, ids_hold: bool) -> None:
        self._context = context
        self._key = key
        self._raw = raw
        self._live = live
        self._ids_hold = ids_hold
        self._plan = BoardPlan()
        self._targets = Targets(context, key)
        self._left_out: set[str] = set()
        """Source ids of items that have no place in an order: they are not brought back, or left where they are."""
        self._unknown: set[str] = set()
        """Targets of items that are not restored, by field."""
        self._spared: set[str] = set()
        """Live ids of those, as far as they are known."""

    def plan(self) -> BoardPlan:
        """All writes to the parts. Items whose dashboard or look is not available are left out, and named in ``unmet``.

        Sections that are in the trash with their board come out with it.
        """
        backed_up = self._raw.get("board_sections")
        if not isinstance(backed_up, list):
            self._plan.warnings.append("it was backed up without its board_sections: the live ones are left alone")
            return self._plan
        self._sections = [
            (f"board_sections[{index}]", section)
            for index, section in enumerate(backed_up)
            if self._raw.get("deleted_at") or not section.get("deleted_at")
        ]
        self._live_sections: list[BoardSection] = list(self._live.get("board_sections") or ())
        if self._live.get("deleted_at"):
            self._live_sections = [{**section, "deleted_at": None} for section in self._live_sections]
        sections = self._match_sections()
        items = self._match_items(sections)
        self._plan_sections(sections)
        self._plan_items(items)
        self._plan.unmet += self._targets.unmet
        self._plan.warnings += self._targets.warnings
        self._plan_orders()
        self._plan_removals(sections, items)
        return self._plan

    def _match_sections(self) -> Matching[BoardSection]:
        """A section in the trash is matched by its id alone."""
        records = self._context.records
        matching = match_parts(
            [section for _, section in self._sections],
            self._live_sections,
            mapped=lambda source_id: mapped_part(records, "board_section", source_id, self._live_sections),
            ids_hold=self._ids_hold,
            keys=SECTION_KEYS,
        )
        for index, live in matching.live_of.items():
            self._plan.matched["board_section", str(self._sections[index][1]["id"])] = str(live["id"])
        matching.extra = [section for section in matching.extra if not section.get("deleted_at")]
        return matching

    def _match_items(self, sections: Matching[BoardSection]) -> Matching[PinPart]:
        self._pins = self._backed_up_pins()
        self._live_pins = self._live_items(sections)
        parts = [pin.part for pin in self._live_pins]
        matching = match_parts(
            [pin.as_part() for pin in self._pins],
            [pin.as_part() for pin in self._live_pins],
            mapped=lambda source_id: mapped_part(self._context.records, "board_item", source_id, parts),
            ids_hold=self._ids_hold,
            keys=(
                (lambda part: self._here(part["pin"]), lambda part: (part["pin"].section, live_source(part["pin"]))),
                (lambda part: self._targets.source(part["pin"]), lambda part: live_source(part["pin"])),
            ),
            same_kind=lambda part, live: kind_shown(part["pin"].part) == kind_shown(live["pin"].part),
        )
        for index, live in matching.live_of.items():
            self._plan.matched["board_item", self._pins[index].id] = str(live["id"])
        return matching

    def _here(self, pin: Pin) -> tuple[str, object] | None:
        source = self._targets.source(pin) if pin.section else None
        return None if source is None else (pin.section, source)

    def _backed_up_pins(self) -> list[Pin]:
        pins = []
        for path, section in self._sections:
            live_id = self._plan.matched.get(("board_section", str(section["id"])), "")
            items = section.get("board_items")
            if not isinstance(items, list):
                self._plan.warnings.append(
                    f"{path} was backed up without its board_items: the live ones are left alone"
                )
                continue
            for index, part in enumerate(items):
                pins.append(Pin(str(part["id"]), part, live_id, f"{path}.board_items[{index}]"))
        return pins

    def _live_items(self, sections: Matching[BoardSection]) -> list[Pin]:
        """All of the board, but those of sections whose items the backup does not know."""
        unknown = {
            str(live["id"])
            for index, live in sections.live_of.items()
            if not isinstance(self._sections[index][1].get("board_items"), list)
        }
        return [
            Pin(str(part["id"]), {**part, "board_section_id": str(section["id"])}, str(section["id"]))
            for section in self._live_sections
            if str(section["id"]) not in unknown
            for part in section.get("board_items") or ()
        ]

    def _plan_sections(self, matching: Matching[BoardSection]) -> None:
        for index, (path, section) in enumerate(self._sections):
            live = matching.live_of.get(index)
            wanted = wanted_part(
                section,
                "BoardSection",
                self._context.destination.releases,
                ignored=("board_id", "item_order", "deleted_at"),
            )
            if live is not None and live.get("deleted_at"):
                section_body(wanted)["deleted_at"] = None
            name = str(section.get("title") or "")
            self._write("board_section", (str(section["id"]), path, name), wanted, live)

    def _plan_items(self, matching: Matching[PinPart]) -> None:
        for index, pin in enumerate(self._pins):
            found = matching.live_of.get(index)
            live = found["pin"].part if found else None
            if shows_nothing(pin.part):
                self._plan.warnings.append(f"{pin.path} shows nothing that Looker can show: it is left unchanged")
                self._plan.matched.pop(("board_item", pin.id), None)
                self._left_out.add(pin.id)
                self._spare(pin)
                continue
            shown = self._targets.expected(pin, live)
            if shown is None:
                self._leave_out(pin, found)
                continue
            if lost_image(pin.part, live):
                self._plan.warnings.append(f"item {pin.name!r} ({pin.path}) had an image of its own: no backup has it")
            wanted = wanted_item(pin.part, live, self._context.destination.releases)
            wanted["dashboard_id"], wanted["look_id"] = shown.get("dashboard_id"), shown.get("look_id")
            wanted["lookml_dashboard_id"] = shown.get("lookml_dashboard_id")
            if live is not None:
                wanted["board_section_id"] = pin.section or FutureId("board_section", self._section_of(pin))
            self._write("board_item", (pin.id, pin.path, pin.name), wanted, live)

    def _leave_out(self, pin: Pin, found: PinPart | None) -> None:
        """An item whose content the destination lacks. If it is live already, it stays as it is."""
        if found is None:
            self._unknown.add(kind_shown(pin.part))
            self._spare(pin)
        if found is None or found["pin"].section != pin.section:
            self._left_out.add(pin.id)

    def _spare(self, pin: Pin) -> None:
        """Keep the live item that may be this one, which is left out, although it shows something of another kind."""
        self._spared |= {pin.id} if self._ids_hold else set()
        # A record counts here without a proof: an item that may be this one is not deleted.
        recorded = self._context.records.recorded("board_item", pin.id)
        self._spared |= {recorded.destination_id} if recorded else set()

    def _section_of(self, pin: Pin) -> str:
        path = pin.path.rpartition(".")[0]
        return next(str(section["id"]) for where, section in self._sections if where == path)

    def _write(
        self, kind: str, part: tuple[str, str, str], wanted: Mapping[str, object], live: Mapping[str, object] | None
    ) -> None:
        """Plan the create or update of one part (source id, path, name), if anything differs."""
        source_id, path, name = part
        entry = PARTS[kind]
        if live is None:
            body, operation, live_id = create_body(wanted), entry.create or "", ""
        else:
            body, operation = differing(wanted, live, fields.sdk_model(entry.model)), entry.update or ""
            live_id = str(live["id"])
            if not body:
                return
        write = Write(
            operation=operation,
            type=kind,
            source_id=source_id,
            live_id=live_id,
            path=path,
            name=name,
            body=body,
            changes=changes(shown_body(body), live or {}, f"{path}."),
        )
        if live is None:
            write.body[entry.parent_field] = self._parent(kind, path)
        self._plan.writes.append(write)

    def _parent(self, kind: str, path: str) -> str | FutureId:
        if kind == "board_section":
            return str(self._live["id"]) if self._live.get("id") else FutureId("board", self._key.id)
        source_id = next(str(section["id"]) for where, section in self._sections if path.startswith(f"{where}."))
        return self._plan.matched.get(("board_section", source_id)) or FutureId("board_section", source_id)

    def _plan_orders(self) -> None:
        """The final order of all parts; an order of one part is not written."""
        sections = order_of_present(
            self._raw.get("section_order"), [str(section["id"]) for _, section in self._sections]
        )
        self._order(Order("board", self._key.id, "", "board_section", sections))
        for path, section in self._sections:
            own = [pin.id for pin in self._pins if pin.id not in self._left_out and pin.path.startswith(f"{path}.")]
            order = Order(
                "board_section",
                str(section["id"]),
                path,
                "board_item",
                order_of_present(section.get("item_order"), own),
            )
            self._order(order)

    def _order(self, order: Order) -> None:
        if len(order.source_ids) < 2:
            return
        ids = [self._plan.matched.get((order.part, source_id)) for source_id in order.source_ids]
        known = [live_id for live_id in ids if live_id is not None]
        holder = holder_of(order, self._live, self._plan.matched.get(("board_section", order.parent)))
        moved = [write for write in self._plan.writes if "board_section_id" in write.body]
        if holder is None or len(known) < len(ids) or {write.source_id for write in moved} & set(order.source_ids):
            self._plan.pending.append(order)
            return
        write = order_write(order, known, holder, {write.live_id for write in moved})
        if write is not None:
            self._plan.writes.append(write)

    def _plan_removals(self, sections: Matching[BoardSection], items: Matching[PinPart]) -> None:
        """Looker deletes a section together with its items. Matched items have been moved to other sections before."""
        if self._context.policy.keep_extra:
            return
        extra: list[Pin] = [part["pin"] for part in items.extra]
        kept = [pin for pin in extra if kind_shown(pin.part) in self._unknown or pin.id in self._spared]
        for pin in kept:
            self._plan.warnings.append(
                f"item {pin.name!r} (id {pin.id}) is kept: it may be one of those that the board is restored without"
            )
        gone = {str(section["id"]) for section in sections.extra} - {pin.section for pin in kept}
        for pin in extra:
            if pin.section not in gone and pin not in kept:
                self._remove("board_item", pin.id, pin.name)
        for section in (one for one in sections.extra if str(one["id"]) in gone):
            inside = sum(pin.section == str(section["id"]) for pin in extra)
            title = str(section.get("title") or "")
            name = f"{title} (with {inside} item{'' if inside == 1 else 's'})".strip() if inside else title
            self._remove("board_section", str(section["id"]), name)

    def _remove(self, kind: str, live_id: str, name: str) -> None:
        self._plan.removals.append(Removal(PARTS[kind].delete or "", Deletion(kind, live_id, name)))
