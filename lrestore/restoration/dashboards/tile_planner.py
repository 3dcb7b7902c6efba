"""The references of a tile: its look, query or merged query, its tab, the filter that it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from lrestore.content.payload import wanted_part
from lrestore.content.shapes.tile import tile_name
from lrestore.errors import DependencyError
from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey
from lrestore.restoration.context import Context
from lrestore.restoration.dashboards.tiles import (
    OF_WORDS,
    TileBody,
    kind_of_tile,
    must_be_sent,
    query_of,
    same_source_ids,
    source_key,
    wanted_result_maker,
)
from lrestore.restoration.identify.absence import why_missing
from lrestore.restoration.identify.parts import mapped_part
from lrestore.restoration.identify.proof import proves
from lrestore.restoration.identify.queries import query_id_of
from lrestore.restoration.identify.resolve import resolve
from lrestore.restoration.plan.queries import QueryMaker, Rewrite, as_it_is, check_query
from lrestore.restoration.writes import FutureId, Plan, Unmet

if TYPE_CHECKING:
    from lrestore.content.shapes.look import Look
    from lrestore.content.shapes.tile import DashboardTile

_REFERENCES = (
    "dashboard_id",
    "dashboard_layout_id",
    "query_id",
    "look_id",
    "merge_result_id",
    "filter_id",
    "result_maker",
)
"""Fields of a tile that the planner translates."""

_INSIDE: tuple[tuple[Literal["dashboard_layout_id", "filter_id"], str], ...] = (
    ("dashboard_layout_id", "dashboard_layout"),
    ("filter_id", "dashboard_filter"),
)
"""References of a tile to other parts of its dashboard, and the kind of part."""

_FROM_SOURCE = "set [source] base_url if the source instance still exists: it is read from there"


class TilePlanner:
    """Computes the fields of each tile of one dashboard. Queries to create are added to the plan, once each."""

    def __init__(self, context: Context, key: ItemKey, plan: Plan, rewrite: Rewrite) -> None:
        self._context = context
        self._key = key
        self._plan = plan
        self._same_instance = context.backup.same_instance
        # The links in what tiles show have been rewritten with those in their texts; in what they only name, not yet.
        self._shown = QueryMaker(context, plan.writes, as_it_is)
        self._named = QueryMaker(context, plan.writes, rewrite)
        self._shown.left_out = self._named.left_out = plan.left_out

    def wanted(self, tile: DashboardTile, live: DashboardTile | None, path: str) -> JsonObject | None:
        """The fields of a tile, with references translated. Ids of objects to create are :class:`FutureId`.

        None for a tile whose look or query is not available: the plan names it, and the dashboard is restored without
        it. Raises DependencyError for a look if ``[run] missing_looks`` is ``fail``.
        """
        of_words = kind_of_tile(tile) in OF_WORDS
        source: TileBody | None = {} if of_words else self._source(tile, live, path)
        if source is None:
            return None
        own_fields = wanted_part(tile, "DashboardElement", self._context.destination.releases, ignored=_REFERENCES)
        body: TileBody = {**source, **self._tab_and_filter(tile)}
        if not of_words:
            self._complete_result_maker(tile, live, source, body)
        return {**own_fields, **body}

    def _complete_result_maker(
        self, tile: DashboardTile, live: DashboardTile | None, source: TileBody, body: TileBody
    ) -> None:
        """Put the result maker into the body, and leave the query out of it where the live tile shows it already."""
        unchanged = live is not None and all(str(value) == _shown_id(live, name) for name, value in source.items())
        if unchanged and source.get("query_id") is not None and not (live or {}).get("query_id"):
            del body["query_id"]
        maker = wanted_result_maker(tile, live, same_source=unchanged)
        if maker and not self._same_instance:
            maker.pop("sql_query_id", None)
        if maker and (live is not None or must_be_sent(maker)):
            body["result_maker"] = maker

    def _source(self, tile: DashboardTile, live: DashboardTile | None, path: str) -> TileBody | None:
        if tile.get("look_id"):
            look_id = self._look(tile, live, path)
            return None if look_id is None else {"look_id": look_id}
        try:
            found = self._query_source(tile, live, path)
        except DependencyError as error:
            self._leave_out(tile, error.message, error.path or path, error.hint or "")
            return None
        if found != {}:
            return found
        sql = (tile.get("result_maker") or {}).get("sql_query_id")
        return {} if sql is None else self._sql(tile, str(sql), live, path)

    def _query_source(self, tile: DashboardTile, live: DashboardTile | None, path: str) -> TileBody | None:
        """The merged query or query of a tile; {} for one that shows neither. Raises DependencyError for one that
        cannot be made, or used.
        """
        merge = tile.get("merge_result_id") or (tile.get("result_maker") or {}).get("merge_result_id")
        if merge:
            found = self._merge(tile, str(merge), live, path)
            return None if found is None else {"merge_result_id": found}
        query_id = query_id_of(tile)
        if query_id is None:
            return {}
        query = self._query(tile, query_id, live, path)
        return None if query is None else {"query_id": query}

    def _look(self, tile: DashboardTile, live: DashboardTile | None, path: str) -> str | None:
        """A look that the live tile shows already needs no check, even in the trash: it is not written."""
        source_id = str(tile["look_id"])
        look = (live or {}).get("look") or {}
        if live is not None and self._is_look(source_id, {**look, "id": live.get("look_id")}):
            if look.get("deleted"):
                self._plan.warnings.append(
                    f"tile {tile_name(tile)!r} ({path}) shows look={live['look_id']}, which is in the trash"
                )
            return str(live["look_id"])
        try:
            return resolve(self._context, "look", source_id, path=f"{path}.look_id", key=self._key)
        except DependencyError as error:
            if self._context.policy.missing_looks == "fail":
                raise
            why = why_missing(self._context.destination.live, self._context.backup, "look", source_id)
            self._leave_out(tile, why, f"{path}.look_id", error.hint or "")
            return None

    def _is_look(self, source_id: str, shown: Look) -> bool:
        """Whether the look that the live tile shows is the backed-up one, as far as the tile tells."""
        recorded = self._context.records.recorded("look", source_id)
        if recorded is not None and recorded.destination_id == str(shown.get("id")):
            return proves("look", recorded, shown) is True
        return recorded is None and self._same_instance and str(shown.get("id")) == source_id

    def _query(
        self, tile: DashboardTile, query_id: str, live: DashboardTile | None, path: str
    ) -> str | FutureId | None:
        """In the same instance the id; in another one the live tile's query if it is equal, else a query to create."""
        if self._same_instance:
            if query_id_of(live or {}) != query_id:
                check_query(self._context, query_id, query_of(tile), f"{path}.query.view")
            return query_id
        shown = query_of(tile)
        asked = shown or self._context.backup.definitions.query(query_id)
        if asked is None:
            self._leave_out(tile, f"no backup holds query={query_id}", f"{path}.query_id", _FROM_SOURCE)
            return None
        maker = self._shown if shown else self._named
        return maker.query(query_id, asked, f"{path}.query", lambda: query_of(live or {}))

    def _merge(
        self, tile: DashboardTile, merge_id: str, live: DashboardTile | None, path: str
    ) -> str | FutureId | None:
        if self._same_instance:
            return merge_id
        shown = self._shown_merge(tile, merge_id, live or {})
        found = shown or self._named.merge(merge_id, f"{path}.merge_result_id")
        if found is not None:
            return found
        if live is not None and live.get("merge_result_id") and not same_source_ids(tile, {}):
            known = mapped_part(self._context.records, "dashboard_element", str(tile["id"]), [live])
            if known is not None:
                return str(live["merge_result_id"])
        self._leave_out(tile, f"no backup holds merge_query={merge_id}", f"{path}.merge_result_id", _FROM_SOURCE)
        return None

    def _shown_merge(self, tile: DashboardTile, merge_id: str, live: DashboardTile) -> str | None:
        """The merged query that an older version has recorded, without what proves it: if the live tile shows it, and
        made of the same sources as the backed-up one.
        """
        recorded = self._context.records.recorded("merge_query", merge_id)
        if recorded is None or recorded.proof.key or str(live.get("merge_result_id")) != recorded.destination_id:
            return None
        return recorded.destination_id if source_key(tile) == source_key(live) else None

    def _sql(self, tile: DashboardTile, sql_id: str, live: DashboardTile | None, path: str) -> TileBody | None:
        """A query of SQL Runner: a tile is made of the result maker that has it (specification,
        create_dashboard_element). Elsewhere neither id means anything, and no call reads such a query by its own.
        """
        if ((live or {}).get("result_maker") or {}).get("sql_query_id") is not None:
            return {}
        if self._same_instance:
            maker_id = tile.get("result_maker_id")
            return {} if maker_id is None or live is not None else {"result_maker_id": str(maker_id)}
        hint = (
            "create the tile in the destination with the same title, from SQL Runner; then the rest of it is restored"
        )
        self._leave_out(tile, f"no backup holds sql_query={sql_id}", f"{path}.result_maker.sql_query_id", hint)
        return None

    def _leave_out(self, tile: DashboardTile, why: str, path: str, hint: str) -> None:
        """Record that the dashboard is restored without the tile."""
        self._plan.unmet.append(Unmet(f"its tile {tile_name(tile)!r}", why, path, hint))

    def _tab_and_filter(self, tile: DashboardTile) -> TileBody:
        """References inside the same dashboard. A null tab has no meaning: releases before 25.20 had no other value.

        A tile may name a tab or a filter that the dashboard lacks, for a deleted tab is not necessarily cleared from
        its tiles. Such a reference is left as it is.
        """
        found: TileBody = {}
        for name, kind in _INSIDE:
            source_id = tile.get(name)
            if source_id and self._context.destination.releases.can_write("DashboardElement", name):
                part = self._part(kind, str(source_id))
                if part is not None:
                    found[name] = part
        return found

    def _part(self, kind: str, source_id: str) -> str | FutureId | None:
        """The part of the dashboard that exists, or that the plan creates."""
        matched: dict[tuple[str, str], str] = self._plan.matched
        if (kind, source_id) in matched:
            return matched[kind, source_id]
        planned = (write for write in self._plan.writes if write.type == kind and write.creates)
        return FutureId(kind, source_id) if any(write.source_id == source_id for write in planned) else None


def _shown_id(live: DashboardTile, name: str) -> str:
    """The id of one source of a live tile; an answer may contain a query's id only in the result maker."""
    return str(live.get(name) or (query_id_of(live) if name == "query_id" else None) or "")
