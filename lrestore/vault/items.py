"""The reader's results: rows of the backup without their content, and items with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import msgspec

from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey


class IndexRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One backed-up object, without its content: all that selection and order need.

    Times are ISO 8601 in UTC with microseconds (they sort as text), empty if unreadable. ``created_at`` and
    ``updated_at`` of objects without such a field are the moment of the backup: that is what LookerVault stores.
    ``folder_id`` is the folder that holds the object, of a folder its parent. ``email`` is a user's own, of content its
    owner's where known.
    ``corrupt`` is the reason why the content cannot be used; such a row's key comes from the row, not from the content.
    """

    key: ItemKey
    name: str
    owner_id: str | None = None
    email: str | None = None
    created_at: str = ""
    updated_at: str = ""
    synced_at: str = ""
    deleted: bool = False
    size_bytes: int = 0
    folder_id: str | None = None
    corrupt: str = ""


@dataclass(slots=True)
class VaultItem:
    """One backed-up object with its content.

    ``raw`` fits the SDK's class, as plain builtins: timestamps as datetime or text, keys that the backup lacks absent,
    enum values that the SDK did not know left out. ``warnings`` say what is doubtful about this copy.
    """

    key: ItemKey
    name: str
    row: IndexRow
    raw: JsonObject
    blob: bytes
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Extent:
    """Bytes of the selected items in the backup, and how many of them are corrupt."""

    size_bytes: int = 0
    unreadable: int = 0

    @classmethod
    def of(cls, rows: Iterable[IndexRow]) -> Self:
        """The extent of these rows."""
        size = unreadable = 0
        for row in rows:
            size += row.size_bytes
            unreadable += bool(row.corrupt)
        return cls(size, unreadable)


NO_EXTENT = Extent()
