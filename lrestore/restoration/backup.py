"""The backup that is restored from, and what its ids mean in the destination."""

from __future__ import annotations

from dataclasses import dataclass, field

from lrestore.content.identity import Judgement, same_origin
from lrestore.errors import ItemError
from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey
from lrestore.restoration.beside import Beside, for_items
from lrestore.restoration.ports import BackupItems, Definitions, Nowhere, UndoneSession
from lrestore.vault.items import VaultItem


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts whose links are rewritten. ``source``: hosts of the source instance, without ports; ``here``: the
    destination's host as its users see it, with the port if needed.
    """

    source: frozenset[str] = frozenset()
    here: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """The backup that is restored from, and what its ids mean in the destination."""

    source: BackupItems
    judgement: Judgement
    hosts: Hosts = Hosts()
    definitions: Definitions = field(default_factory=Nowhere)
    """Definitions behind ids, for another instance."""
    undone: UndoneSession | None = None
    """The session that this one takes back, if it is an undo: the backup is its copies."""
    beside: Beside | None = None
    """The copies that this session makes, if it copies items beside the originals."""
    max_item_bytes: int = 16 * 1024 * 1024
    _same_objects: dict[tuple[ItemKey, object], bool] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def same_instance(self) -> bool:
        """Whether ids of the backup mean the same in the destination."""
        return self.judgement.instance == "same"

    @property
    def judgement_of_items(self) -> Judgement:
        """The judgement for the items themselves: an id of the backup does not identify a copy."""
        return for_items(self.judgement, self.beside)

    def copies(self, key: ItemKey) -> bool:
        """Whether the item is copied beside the original: no existing object is its counterpart."""
        return self.beside is not None and self.beside.copies(key)

    def read(self, key: ItemKey) -> VaultItem:
        """The item. Raises ItemError where it cannot be read."""
        return self.source.read(key, max_item_bytes=self.max_item_bytes)

    def raw(self, key: ItemKey) -> JsonObject | None:
        """The content of an item; None if it cannot be read."""
        try:
            return self.read(key).raw
        except ItemError:
            return None

    def may_be(self, key: ItemKey, created_at: object) -> bool:
        """Whether a live object with that ``created_at`` may be the item. Kept, because each reference needs it."""
        known = (key, created_at)
        if known not in self._same_objects:
            backed_up = self.raw(key) or {}
            self._same_objects[known] = same_origin(backed_up.get("created_at"), created_at) is not False
        return self._same_objects[known]
