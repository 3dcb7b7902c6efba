"""The bodies by which parts of boards are written, as far as a planner sets their fields itself."""

from __future__ import annotations

from typing import TypedDict, cast

from lrestore.json_types import JsonObject
from lrestore.restoration.writes import FutureId


class TargetIds(TypedDict, total=False):
    """The references of an item, in ids of the destination."""

    dashboard_id: str | None
    look_id: str | None
    lookml_dashboard_id: str | None


class ItemBody(TargetIds, total=False):
    """An item of a board. The other fields of the body are those of the backup."""

    board_section_id: str | FutureId
    use_custom_image: bool | None


class SectionBody(TypedDict, total=False):
    """A section of a board. The other fields of the body are those of the backup."""

    deleted_at: str | None


def item_body(wanted: JsonObject) -> ItemBody:
    """The writable fields of a backed-up item as a body to complete."""
    return cast("ItemBody", wanted)


def section_body(wanted: JsonObject) -> SectionBody:
    """The writable fields of a backed-up section as a body to complete."""
    return cast("SectionBody", wanted)


def shown_body(body: JsonObject) -> JsonObject:
    """A body as a plan shows it: new parts by what they are."""
    return {
        name: f"new {value.type} {value.source_id}" if isinstance(value, FutureId) else value
        for name, value in body.items()
    }
