"""The interface by which everything else calls Looker."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol


class Caller(Protocol):
    """The one thing that is needed of a session: see :class:`lrestore.looker.session.LookerSession`."""

    def call(
        self,
        operation_id: str,
        *,
        path: Mapping[str, str] = ...,
        query: Mapping[str, object] = ...,
        body: object = ...,
        only: Collection[str] | None = ...,
    ) -> Any: ...
