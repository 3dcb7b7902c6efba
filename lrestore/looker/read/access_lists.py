"""Access lists of folders: which groups and users see a folder, and which of them manage it.

A folder has its list in its content metadata, or inherits the list of the nearest folder above that has one. Admins
see every folder, whatever the lists say.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from lrestore.json_types import JsonObject
from lrestore.looker.caller import Caller

Permission = Literal["view", "edit"]


class Grant(msgspec.Struct, frozen=True, order=True):
    """One entry: a group or a user (the other id is ""), and what it may do."""

    permission: Permission
    group_id: str = ""
    user_id: str = ""

    def __str__(self) -> str:
        grantee = f"group {self.group_id}" if self.group_id else f"user {self.user_id}"
        return f"{grantee} ({self.permission})"


class AccessList(msgspec.Struct, frozen=True):
    """The list that counts for a folder. ``inherits``: it is that of a folder above."""

    grants: tuple[Grant, ...] = ()
    inherits: bool = False


def grants_text(grants: tuple[Grant, ...]) -> str:
    """The grants as people read them."""
    return ", ".join(map(str, sorted(grants))) or "administrators only"


def own_entries(session: Caller, metadata_id: str) -> dict[str, Grant]:
    """The entries of one metadata row itself, without inherited ones, by their ids."""
    rows = session.call("all_content_metadata_accesses", query={"content_metadata_id": metadata_id})
    return {str(row["id"]): _grant(row) for row in rows}


def _grant(row: JsonObject) -> Grant:
    """Looker knows two permissions; what is not ``view`` counts as the wider one."""
    permission: Permission = "view" if row.get("permission_type") == "view" else "edit"
    return Grant(permission, _id(row.get("group_id")), _id(row.get("user_id")))


def _id(value: object) -> str:
    return "" if value is None else str(value)


class AccessLists:
    """The lists of one instance, each row read once. Raises the LookerError of a read that fails."""

    def __init__(self, session: Caller) -> None:
        self._session = session
        self._rows: dict[str, JsonObject] = {}
        self._grants: dict[str, tuple[Grant, ...]] = {}

    def effective(self, metadata_id: str) -> AccessList:
        """The list that counts for the folder with this metadata id."""
        own = self._row(metadata_id)
        here, seen = metadata_id, {metadata_id}
        row = own
        while row.get("inherits"):
            above = _id(row.get("inheriting_id")) or _id(row.get("parent_id"))
            if not above or above in seen:
                break
            seen.add(above)
            here, row = above, self._row(above)
        if here not in self._grants:
            self._grants[here] = tuple(sorted(own_entries(self._session, here).values()))
        return AccessList(self._grants[here], bool(own.get("inherits")))

    def _row(self, metadata_id: str) -> JsonObject:
        if metadata_id not in self._rows:
            self._rows[metadata_id] = self._session.call("content_metadata", path={"content_metadata_id": metadata_id})
        return self._rows[metadata_id]
