"""The interface through which all other packages call Looker."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol


class Caller(Protocol):
    """The part of a session that other packages need: see :class:`lrestore.looker.session.LookerSession`."""

    def call(
        self,
        operation_id: str,
        *,
        path: Mapping[str, str] = ...,
        query: Mapping[str, object] = ...,
        body: object = ...,
        only: Collection[str] | None = ...,
    ) -> Any: ...
