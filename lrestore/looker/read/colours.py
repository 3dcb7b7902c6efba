"""The colour collections of the destination and of the source instance, listed once."""

from __future__ import annotations

from lrestore.content.palettes import Collection, KnownColours, collection
from lrestore.errors import LookerError, NotFoundError
from lrestore.looker.caller import Caller


def known_colours(destination: Caller, source: Caller | None) -> KnownColours:
    """The collections of both instances. A destination without the call has none; a source that fails is ignored."""
    try:
        there = _listed(destination)
    except NotFoundError:
        there = {}
    except LookerError as error:
        return KnownColours(unknown=error.message)
    if source is None:
        return KnownColours(there)
    try:
        return KnownColours(there, _listed(source))
    except LookerError:
        return KnownColours(there)


def _listed(session: Caller) -> dict[str, Collection]:
    rows = session.call("all_color_collections") or ()
    return {one.id: one for one in (collection(row) for row in rows)}
