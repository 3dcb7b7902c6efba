"""Group nesting and the groups of roles, read from the copies of a session."""

from __future__ import annotations

from collections.abc import Sequence

from lrestore.errors import MissingItemError
from lrestore.messages import ItemKey
from lrestore.restoration.ports import Nowhere
from lrestore.vault.reader import Vault


class CopiedGroups(Nowhere):
    """Implements :class:`lrestore.restoration.ports.Definitions` over copies. They hold the groups in a group, and the
    groups of a role, if the session wrote these.
    """

    def __init__(self, copies: Vault, max_item_bytes: int) -> None:
        self._copies = copies
        self._max_item_bytes = max_item_bytes

    def inside(self, group_id: str) -> Sequence[str] | None:
        return self._groups(ItemKey("group", group_id))

    def holders(self, role_id: str) -> Sequence[str] | None:
        return self._groups(ItemKey("role", role_id))

    def _groups(self, key: ItemKey) -> Sequence[str] | None:
        try:
            groups = self._copies.read(key, max_item_bytes=self._max_item_bytes).raw.get("groups")
        except MissingItemError:
            return None
        return None if groups is None else [str(one) for one in groups]
