"""Interfaces that a restore needs: the backup, definitions of queries, earlier writes, a permit.

A bulk run, a run in one process, and a plan that records nothing have their own implementations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from lrestore.content.palettes import KnownColours
from lrestore.json_types import JsonObject
from lrestore.looker.read.access_lists import AccessList
from lrestore.messages import ItemKey, Touch, UndoAction
from lrestore.restoration.writes import Plan, Write
from lrestore.vault.items import VaultItem

if TYPE_CHECKING:
    from lrestore.content.shapes.query import MergeQuery, Query


class BackupItems(Protocol):
    """The backup, for items that need other items of it."""

    def read(self, key: ItemKey, *, max_item_bytes: int) -> VaultItem:
        """The item. Raises ItemError where it cannot be read."""

    def holds(self, key: ItemKey) -> bool:
        """Whether the backup has an item under this key, readable or not."""

    def namesakes(self, key: ItemKey) -> Sequence[str]:
        """The ids of the items of the same type and name, including the item's own."""

    @property
    def personal_folders(self) -> Mapping[str, str]:
        """The id of each user's personal folder → the user's id."""


class Permit(Protocol):
    """Decides which planned writes may be sent."""

    saved: bool
    """Whether a saved plan decides. It was made before any id of a new object was known."""

    def rename(self, write: Write) -> bool:
        """Whether an object that holds the name of another item may be renamed."""

    def item(self, plan: Any, *, last: bool) -> None:
        """Raises ItemError if the item must not be written as planned. ``last``: it has had its first pass."""

    def parts(self, key: ItemKey, live_id: str, parts: Plan) -> None:
        """The same for parts that were planned again after the object itself was written."""

    def removal(self, key: ItemKey, live: JsonObject, stays: str) -> None:
        """Raises ItemError if an object that an undo would delete is not as planned. ``stays``: why it is kept now."""


class Everything:
    """Implements :class:`Permit`: all planned writes are allowed."""

    saved = False

    def rename(self, write: Write) -> bool:
        return True

    def item(self, plan: Any, *, last: bool) -> None:
        return None

    def parts(self, key: ItemKey, live_id: str, parts: Plan) -> None:
        return None

    def removal(self, key: ItemKey, live: JsonObject, stays: str) -> None:
        return None


class Definitions(Protocol):
    """Source of definitions behind ids."""

    def query(self, query_id: str) -> Query | None:
        """The definition of a query of the backup; None if it is not available."""

    def merge_query(self, merge_query_id: str) -> MergeQuery | None:
        """The same for a merged query."""

    def inside(self, group_id: str) -> Sequence[str] | None:
        """The backed-up groups that are directly in another; None if unknown."""

    def holders(self, role_id: str) -> Sequence[str] | None:
        """The backed-up groups that have a role; None if unknown."""

    def access(self, folder_id: str) -> AccessList | None:
        """The access list of a folder of the source instance; None if unknown."""

    def colours(self) -> KnownColours:
        """The colour collections of both instances, listed once."""


class RecordedWrites(Protocol):
    """The writes of one or more sessions. Objects and parts are named by the ids that they had in the destination."""

    def touches(self, owner: ItemKey) -> Sequence[Touch]:
        """The writes, sent or about to be sent, to an object and its parts."""

    def made_from(self, type_name: str, live_id: str) -> str | None:
        """The id in the session's backup of a part that the session created; None for any other part."""


@dataclass(frozen=True, slots=True)
class EarlierWrites:
    """Implements :class:`RecordedWrites` for one object. ``copied``: the object before the first of these writes, {} if
    they made it.
    """

    noted: tuple[Touch, ...]
    copied: JsonObject

    def touches(self, owner: ItemKey) -> Sequence[Touch]:
        return self.noted

    def made_from(self, type_name: str, live_id: str) -> str | None:
        # Parts are on record under their ids in the backup, which is the same.
        return None


class Earlier(Protocol):
    """The writes of processes that have ended: of this session, and of the sessions that it carries on."""

    def of(self, key: ItemKey, live_id: str, created_at: object) -> EarlierWrites | None:
        """Their writes to the live object of an item; None if they did not write it. An object with another
        ``created_at`` is another object.
        """


class NoEarlier:
    """Implements :class:`Earlier`: nothing was written before."""

    def of(self, key: ItemKey, live_id: str, created_at: object) -> EarlierWrites | None:
        return None


class UndoneSession(RecordedWrites, Protocol):
    """The session that is being undone. Objects and parts are named by the ids that they had in the destination."""

    session_id: str
    force: bool
    """Whether objects that were changed since are put back, too."""

    def action(self, key: ItemKey) -> UndoAction:
        """The action of the undo on the object."""


class Nowhere:
    """Implements :class:`Definitions`: no definition is available."""

    def query(self, query_id: str) -> Query | None:
        return None

    def merge_query(self, merge_query_id: str) -> MergeQuery | None:
        return None

    def inside(self, group_id: str) -> Sequence[str] | None:
        return None

    def holders(self, role_id: str) -> Sequence[str] | None:
        return None

    def access(self, folder_id: str) -> AccessList | None:
        return None

    def colours(self) -> KnownColours:
        return KnownColours()
