"""Which version of the format a file is in, told by its tables: the version rows may disagree with them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from lrestore.vault import rows, schema
from lrestore.vault.files import OpenFile

_MADE_AT_ONCE: Final = timedelta(seconds=1)


def of_file(file: OpenFile) -> int:
    """1 to 4. Between 2 and 3, whose tables of content are the same, the version rows decide."""
    if "folder_id" not in file.columns:
        return 1
    if _types_share_ids(file):
        return max(2, min(3, max(_recorded(file), default=2)))
    return schema.VERSION


def may_have_lost_rows(file: OpenFile) -> bool:
    """Was the file ever in a version in which objects of different types with the same id overwrote each other?

    A migrated file keeps the rows of its older versions; a fresh one has 3 and 4, made within the same second.
    """
    recorded = _recorded(file)
    if _types_share_ids(file) or min(recorded, default=schema.VERSION) < 3:
        return True
    return 3 in recorded and (4 not in recorded or abs(recorded[4] - recorded[3]) > _MADE_AT_ONCE)


def _types_share_ids(file: OpenFile) -> bool:
    key = [row[1] for row in rows.fetch(file, f"PRAGMA table_info({schema.TABLE})") if row[5]]
    return key == ["id"]


def _recorded(file: OpenFile) -> dict[int, datetime]:
    if "schema_version" not in file.tables:
        return {}
    recorded: dict[int, datetime] = {}
    for version, applied_at in rows.fetch(file, "SELECT version, applied_at FROM schema_version"):
        try:
            recorded[int(version)] = datetime.fromisoformat(str(applied_at)).replace(tzinfo=None)
        except ValueError:
            continue
    return recorded
