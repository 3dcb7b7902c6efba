"""The lowest release of the Looker, or of the SDK, that can have made a backup: its youngest field shows it.

An absent field may have been null, or unknown to the instance that was backed up. Absent means null only where that
instance certainly knew the field. A file may hold rows of several extractions, years apart: the oldest rows decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from lrestore.ontology import releases
from lrestore.vault import rows, schema
from lrestore.vault import sdk_shapes as shapes
from lrestore.vault.decode import decode, sdk_class_of
from lrestore.vault.files import OpenFile
from lrestore.vault.lookup import Finder, Refused
from lrestore.vault.rows import RowHead

OLDEST: Final = "22.4"
_SAMPLE_PER_TYPE_AND_FILE: Final = 25
_ONE_EXTRACTION: Final = timedelta(days=1)
# The SDK has more than one class for these; the ontology has a field's release on record for one of them.
_ALSO_KNOWN_AS: Final = {"Look": "LookWithQuery", "FolderBase": "Folder", "DashboardBase": "Dashboard"}


def floor(finder: Finder, files: Sequence[OpenFile]) -> str:
    """The lowest release that can have made the oldest rows; :data:`OLDEST` when no field proves more."""
    seen: dict[str, set[str]] = {}
    for entry in (finder.open(head, decode) for head in _oldest_rows(files)):
        if not isinstance(entry, Refused):
            for place in shapes.places(entry.content.raw, sdk_class_of(entry.head.kind)):
                seen.setdefault(_ALSO_KNOWN_AS.get(place.shape.name, place.shape.name), set()).update(place.content)
    return releases.newest([OLDEST, *releases.proven_by(seen)])


def _oldest_rows(files: Sequence[OpenFile]) -> list[RowHead]:
    sample = [
        head
        for file in files
        for kind in schema.VAULT_TYPES.values()
        for head in _oldest_of(file, kind)
        if head.synced_at
    ]
    if not sample:
        return []
    until = datetime.fromisoformat(min(head.synced_at for head in sample)) + _ONE_EXTRACTION
    return [head for head in sample if datetime.fromisoformat(head.synced_at) <= until]


def _oldest_of(file: OpenFile, kind: schema.VaultType) -> Iterator[RowHead]:
    where, values = rows.live(kind)
    oldest = f"{where} ORDER BY synced_at LIMIT {_SAMPLE_PER_TYPE_AND_FILE}"
    return rows.heads(file, rows.Condition(oldest, values))
