"""Definitions that a backup holds as ids only: queries, read from the tiles of the backup or from the source instance;
the groups in a group and the groups that have a role, read from the source instance alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lrestore.content.palettes import KnownColours
from lrestore.content.shapes.boundary import as_merge_query, as_query
from lrestore.errors import ItemError
from lrestore.json_types import JsonObject
from lrestore.looker.read.access_lists import AccessList
from lrestore.looker.read.source_instance import Nesting, Origin
from lrestore.messages import ItemKey
from lrestore.vault.queries import query_in

if TYPE_CHECKING:
    from lrestore.content.shapes.query import MergeQuery, Query
    from lrestore.restoration.ports import BackupItems


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Gathered:
    """Facts that are collected once per run, on first use. ``shown``: the dashboard of the backup that shows a
    query, by the query's id; ``access``: the access lists of folders, by their ids; ``colours``: None if no process
    has listed them for all.
    """

    shown: Callable[[], Mapping[str, str]] = dict
    nesting: Callable[[], Nesting] = Nesting
    access: Callable[[], Mapping[str, AccessList]] = dict
    colours: Callable[[], KnownColours | None] = _nothing


class SourceDefinitions:
    """Implements :class:`Definitions`. ``origin`` is the living source, None where there is none; ``list_colours``
    reads the colour collections of both instances.
    """

    def __init__(
        self,
        source: BackupItems,
        max_item_bytes: int,
        gathered: Gathered,
        origin: Origin | None,
        list_colours: Callable[[], KnownColours],
    ) -> None:
        self._source = source
        self._max_item_bytes = max_item_bytes
        self._gathered = gathered
        self._origin = origin
        self._list_colours = list_colours
        self._colours: KnownColours | None = None
        self._listing = threading.Lock()

    def query(self, query_id: str) -> Query | None:
        dashboard_id = self._where.get(query_id)
        found = None if dashboard_id is None else self._in_backup(ItemKey("dashboard", dashboard_id), query_id)
        found = found or (self._origin.query(query_id) if self._origin else None)
        return None if found is None else as_query(found)

    def merge_query(self, merge_query_id: str) -> MergeQuery | None:
        found = self._origin.merge_query(merge_query_id) if self._origin else None
        return None if found is None else as_merge_query(found)

    def inside(self, group_id: str) -> Sequence[str] | None:
        return self._nesting.inside.get(group_id)

    def holders(self, role_id: str) -> Sequence[str] | None:
        return self._nesting.holders.get(role_id)

    def access(self, folder_id: str) -> AccessList | None:
        return self._gathered.access().get(folder_id)

    def colours(self) -> KnownColours:
        with self._listing:
            if self._colours is None:
                self._colours = self._gathered.colours() or self._list_colours()
            return self._colours

    @cached_property
    def _where(self) -> Mapping[str, str]:
        return self._gathered.shown()

    @cached_property
    def _nesting(self) -> Nesting:
        return self._gathered.nesting()

    def _in_backup(self, key: ItemKey, query_id: str) -> JsonObject | None:
        try:
            return query_in(self._source.read(key, max_item_bytes=self._max_item_bytes).raw, query_id)
        except ItemError:
            # It cannot be read whole: it will be a dead letter of its own, and the query may be had elsewhere.
            return None
