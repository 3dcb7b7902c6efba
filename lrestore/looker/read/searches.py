"""Searches for many objects by their ids, in pages of a size that the server answers without effort.

A page that shows fewer objects than it was asked for may be cut off: then the next page is asked for, once, before
anything is taken for missing. See :mod:`lrestore.looker.read.page_sizes`.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence

from lrestore.errors import ConnectError, LookerError, RateLimitedError
from lrestore.looker.caller import Page, PageCaller, UndecodedRow
from lrestore.looker.read.page_sizes import FIRST_PAGE, LARGEST_PAGE, PageSizes
from lrestore.looker.read.reads import identifying_fields
from lrestore.ontology import CONTENT_TYPES

WORTH_ANOTHER = 2
"""So few objects that no page shows cost no more calls one by one than another page."""
_TOO_LARGE = (413, 414, 431)
"""Statuses for a request or an address that is too long."""

log = logging.getLogger("lrestore.looker")


class Searches:
    """Safe for threads."""

    def __init__(self, session: PageCaller, sizes: PageSizes, field_names: str = "") -> None:
        """``field_names``: the fields that are read; "" for all, of which those that identify an object are heads."""
        self._session = session
        self._sizes = sizes
        self._field_names = field_names

    def of(self, field_names: str) -> Searches:
        """Searches for a few small fields alone, in large pages from the beginning."""
        return Searches(self._session, PageSizes(LARGEST_PAGE), field_names)

    def by_ids(self, type_name: str, ids: Collection[str]) -> Iterator[tuple[Sequence[str], dict[str, UndecodedRow]]]:
        """The ids of each page, and by id the objects that it shows, outside the trash.

        Raises LookerError if a search for a hundred objects or fewer fails; one for more is tried again with fewer.
        """
        rest: Sequence[str] = sorted(ids)
        most = len(rest)
        while rest:
            count = self._sizes.first(type_name, rest[:most])
            chunk = rest[:count]
            try:
                found = self._chunk(type_name, chunk)
            except LookerError as error:
                self._note(type_name, len(chunk), error)
                if len(chunk) <= FIRST_PAGE:
                    raise
                log.debug("search for %d %ss failed, asking for fewer: %s", len(chunk), type_name, error)
                most = max(FIRST_PAGE, len(chunk) // 2)
                continue
            yield chunk, found
            rest = rest[count:]

    def _note(self, type_name: str, asked: int, error: LookerError) -> None:
        if isinstance(error, (ConnectError, RateLimitedError)):
            # The server has not seen what was asked for.
            return
        self._sizes.failed(type_name, asked, too_large=error.status in _TOO_LARGE)

    def _chunk(self, type_name: str, ids: Sequence[str]) -> dict[str, UndecodedRow]:
        """One page, and those after it if the server keeps rows back."""
        found: dict[str, UndecodedRow] = {}
        offset = 0
        while True:
            page = self._page(type_name, ids, offset)
            fresh = {one: row for row in page.rows if (one := str(row.head["id"])) in ids and one not in found}
            found |= fresh
            if not offset:
                self._sizes.answered(type_name, len(ids), len(page.rows), page.size_bytes, page.server_s)
            elif fresh:
                self._sizes.cut(type_name, offset)
            lacking = len(ids) - len(found)
            if not lacking or (offset and not fresh):
                self._sizes.complete(type_name, offset or len(page.rows))
                return found
            # A server that shows other objects, too, does not understand a list of ids.
            if not fresh or len(fresh) < len(page.rows) or lacking < WORTH_ANOTHER:
                return found
            if not self._sizes.may_be_cut(type_name, len(page.rows)):
                return found
            offset += len(page.rows)

    def _page(self, type_name: str, ids: Sequence[str], offset: int) -> Page:
        entry = CONTENT_TYPES[type_name]
        if entry.search is None:
            raise ValueError(f"{type_name} cannot be searched")
        query: dict[str, object] = {"id": ",".join(ids), "limit": len(ids)}
        query |= {"offset": offset} if offset else {}
        query |= {"fields": self._field_names} if self._field_names else {}
        heads = self._field_names.split(",") if self._field_names else identifying_fields(type_name)
        # A page that is larger than any release promises is not insisted on.
        return self._session.page(entry.search, query=query, only=heads, once=len(ids) > FIRST_PAGE)
