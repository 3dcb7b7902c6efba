"""What queries ask, where ids of the backup mean nothing: from the tiles of the backup, or from the living source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from lrestore.errors import ItemError
from lrestore.messages import ItemKey
from lrestore.vault.queries import query_in

if TYPE_CHECKING:
    from lrestore.restoration.context import Source

Object = dict[str, Any]


class Definitions(Protocol):
    """Where definitions can be had."""

    def query(self, query_id: str) -> Object | None:
        """The definition of a query of the backup, None where it cannot be had."""

    def merge_query(self, merge_query_id: str) -> Object | None:
        """The same of a merged query."""


class Nowhere:
    """Implements :class:`Definitions`: nothing can be had."""

    def query(self, query_id: str) -> Object | None:
        return None

    def merge_query(self, merge_query_id: str) -> Object | None:
        return None


class Asked:
    """Implements :class:`Definitions`. ``shown`` says which dashboard of the backup shows which query; it is called
    once, when it is needed. ``origin`` is the living source.
    """

    def __init__(
        self, source: Source, max_item_bytes: int, shown: Callable[[], Mapping[str, str]], origin: Definitions
    ) -> None:
        self._source = source
        self._max_item_bytes = max_item_bytes
        self._shown = shown
        self._origin = origin

    def query(self, query_id: str) -> Object | None:
        dashboard_id = self._where.get(query_id)
        found = None if dashboard_id is None else self._in_backup(ItemKey("dashboard", dashboard_id), query_id)
        return found or self._origin.query(query_id)

    def merge_query(self, merge_query_id: str) -> Object | None:
        return self._origin.merge_query(merge_query_id)

    @cached_property
    def _where(self) -> Mapping[str, str]:
        return self._shown()

    def _in_backup(self, key: ItemKey, query_id: str) -> Object | None:
        try:
            return query_in(self._source.read(key, max_item_bytes=self._max_item_bytes).raw, query_id)
        except ItemError:
            # It cannot be read whole: it will be a dead letter of its own, and the query may be had elsewhere.
            return None
