"""The instance that a backup came from, where it still lives: asked for what no backup holds, never written to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrestore.errors import ForbiddenError, NotFoundError
from lrestore.looker.live import Caller

Object = dict[str, Any]


class Origin:
    """Answers are None where that instance does not have, or does not show, what is asked for."""

    def __init__(self, session: Caller) -> None:
        self._session = session

    def query(self, query_id: str) -> Object | None:
        """The definition of a query."""
        return self._read("query", {"query_id": query_id})

    def merge_query(self, merge_query_id: str) -> Object | None:
        """The definition of a merged query; its source queries are named by id."""
        return self._read("merge_query", {"merge_query_id": merge_query_id})

    def _read(self, operation: str, path: Mapping[str, str]) -> Object | None:
        try:
            answer = self._session.call(operation, path=path)
        except (ForbiddenError, NotFoundError):
            return None
        return answer if isinstance(answer, dict) else None
