"""The interface through which all other packages call Looker."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

import msgspec

from lrestore.json_types import JsonObject


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


class UndecodedRow(msgspec.Struct, frozen=True):
    """A row of a page that is decoded when it is needed: decoded objects take several times the memory of their text.

    ``head`` are the fields that were asked for at once. ``fault`` tells what is wrong with the decoded row, "" for a
    usable one.
    """

    head: JsonObject
    text: msgspec.Raw
    fault: Callable[[JsonObject], str]

    def whole(self) -> JsonObject | None:
        """All fields; None if the row is not usable, which proves nothing."""
        try:
            found: JsonObject = msgspec.json.decode(self.text)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        return None if self.fault(found) else found


class Page(msgspec.Struct, frozen=True):
    """An answer with rows. ``size_bytes`` is its length, ``server_s`` the time until it began."""

    rows: list[UndecodedRow]
    size_bytes: int
    server_s: float


class PageCaller(Caller, Protocol):
    """A caller that reads pages of large objects: see :meth:`lrestore.looker.session.LookerSession.page`."""

    def page(self, operation_id: str, *, query: Mapping[str, object], only: Collection[str], once: bool) -> Page: ...
