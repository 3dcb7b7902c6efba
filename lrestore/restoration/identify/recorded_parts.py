"""Parts (tiles, filters, layouts, sections, items) that an earlier run provably created."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lrestore.restoration.identify.proof import proves
from lrestore.restoration.journal import Records


def mapped_part(records: Records, kind: str, source_id: str, live: Iterable[Mapping[str, object]]) -> str | None:
    """The one of ``live``, parts of a live object that is known to be the backed-up one, as which a backed-up part is
    on record; None where that cannot be proved.

    A record of an older version is no proof: the part is then found by its content.
    """
    recorded = records.recorded(kind, source_id)
    if recorded is None:
        return None
    shown = next((part for part in live if str(part["id"]) == recorded.destination_id), None)
    return recorded.destination_id if shown is not None and proves(kind, recorded, shown) else None
