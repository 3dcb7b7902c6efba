"""Warnings that need the content of a backup: collected item by item while it is decoded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lrestore.json_types import JsonObject
from lrestore.vault.lookup import FoundRow, Refused

_SHOWN: Final = 20


class Findings:
    """Feed it every entry with :meth:`note`, then ask for :meth:`warnings`."""

    def __init__(self) -> None:
        self._refused: list[str] = []
        self._older: list[str] = []
        self._look_queries: list[str] = []
        self._embedded_queries: set[str] = set()
        self._without_tiles = 0
        self._merged_tiles = 0

    def note(self, entry: FoundRow | Refused) -> None:
        """Remember what is doubtful about one entry."""
        if isinstance(entry, Refused):
            self._refused.append(entry.error.message)
            return
        self._older += entry.warnings
        if entry.head.kind.name == "look" and "query" not in entry.content.raw:
            self._look_queries.append(str(entry.content.raw.get("query_id")))
        elif entry.head.kind.name == "dashboard":
            self._note_dashboard(entry.content.raw)

    def _note_dashboard(self, raw: JsonObject) -> None:
        tiles = raw.get("dashboard_elements")
        self._without_tiles += tiles is None
        for tile in tiles or ():
            self._merged_tiles += bool(tile.get("merge_result_id"))
            holders = (tile, tile.get("look"), tile.get("result_maker"))
            queries = (holder.get("query") for holder in holders if holder)
            self._embedded_queries.update(str(query.get("id")) for query in queries if query)

    def warnings(self) -> Iterator[str]:
        """Sentences for people."""
        yield from self._refused[:_SHOWN]
        if len(self._refused) > _SHOWN:
            yield f"{len(self._refused) - _SHOWN} more objects are corrupt or too large"
        yield from self._older
        yield from self._missing_definitions()
        yield "explores are never in a LookerVault backup: a restore only checks that they exist"

    def _missing_definitions(self) -> Iterator[str]:
        lost = sum(query_id not in self._embedded_queries for query_id in self._look_queries)
        if lost:
            yield (
                f"{lost} looks have no query definition, because LookerVault does not back it up, and no tile of the"
                " backup shows it: they can be restored only where the query still exists, in the"
                " instance they came from"
            )
        if self._merged_tiles:
            yield (
                f"{self._merged_tiles} tiles show merged queries, whose definitions LookerVault does not back up: they"
                " can be restored where the merged query still exists"
            )
        if self._without_tiles:
            yield f"{self._without_tiles} dashboards were backed up without tiles; keeping their live tiles"
