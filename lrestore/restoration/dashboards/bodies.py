"""The bodies by which parts of dashboards are written, as far as a planner sets their fields itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, cast

from lrestore.json_types import JsonObject

if TYPE_CHECKING:
    from lrestore.content.shapes.tile import ResultMaker
    from lrestore.restoration.writes import Made


class TileBody(TypedDict, total=False):
    """The references of a tile in ids of the destination, those of objects to create as :class:`Made`. The other fields
    of the body are those of the backup.
    """

    dashboard_layout_id: str | Made | None
    filter_id: str | Made | None
    look_id: str
    query_id: str | Made
    merge_result_id: str | Made
    result_maker_id: str
    result_maker: ResultMaker


def tile_body(wanted: JsonObject) -> TileBody:
    """The writable fields of a backed-up tile as a body to complete."""
    return cast("TileBody", wanted)
