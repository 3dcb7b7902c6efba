"""Interfaces that a restore needs: a journal to record in, the backup, definitions of queries.

A bulk run, a run in one process, and a plan that records nothing have their own implementations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from lrestore.content.palettes import KnownColours
from lrestore.json_types import JsonObject
from lrestore.looker.read.access_lists import AccessList
from lrestore.messages import Intent, ItemKey, Proof, Recorded, Touch, UndoAction
from lrestore.messages import Mapping as IdMapping
from lrestore.restoration.writes import Plan, Write
from lrestore.vault.items import VaultItem


class LiveObject(NamedTuple):
    """A live object as it was read: ``raw``, with all nulls."""

    type: str
    id: str
    name: str
    raw: JsonObject


class Journal(Protocol):
    """Records each step, so that nothing is lost or created twice. In a bulk run it sends to the writer process."""

    def recorded(self, type_name: str, source_id: str) -> Recorded | None:
        """The recorded mapping of a backed-up object, or of a part of one. It counts only if it is proved, see
        :mod:`lrestore.restoration.identify.proof`.
        """

    def recorded_as(self, type_name: str, destination_id: str) -> Mapping[str, Recorded]:
        """The items, by source id, that are mapped to this live id. These mappings must be proved too."""

    def copied(self, type_name: str, destination_id: str) -> Sequence[Recorded]:
        """The mappings, of any session, by which this live object is a copy beside an original. They must be proved
        too.
        """

    def map(self, mapping: IdMapping) -> None:
        """Record a mapping."""

    def open_intents(self, intents: Sequence[Intent]) -> list[Intent]:
        """Record durably that objects are about to be created. The returned intents identify this try."""

    def may_run_s(self, intent: Intent, settle_s: float) -> float | None:
        """The seconds for which an earlier create of the same object may still take effect, which is ``settle_s`` after
        it was recorded. None if there is no open create.
        """

    def close_intent(self, intent: Intent, destination_id: str, proof: Proof) -> None:
        """The object exists: record its mapping and close the intent."""

    def drop_intent(self, intent: Intent) -> None:
        """Looker refused, so nothing was created."""

    def begun(self, key: ItemKey) -> bool:
        """Whether this session has begun to create the item before, in a process that died since."""

    def unsettled(self, key: ItemKey) -> bool:
        """Whether any session has an open create of the item."""

    def in_doubt(self, key: ItemKey) -> bool:
        """Whether the item, or a part of it, has an open create."""

    def unsettled_parts(self, key: ItemKey) -> frozenset[tuple[str, str]]:
        """Type and source id of the parts of the item that have an open create."""

    def kept(self, key: ItemKey, object_id: str, created_at: object) -> bool:
        """Whether this session has a copy of the item's live object, so that it may have been written. An object with
        another ``created_at`` is another object.
        """

    def keep(self, live: LiveObject, more: Mapping[str, Any] | None = None, touches: Sequence[Touch] = ()) -> None:
        """Keep a copy of a live object, durably, before it is changed for the first time, and note what is about to be
        written. ``more`` are facts that the object itself does not show: they are added to a copy that lacks them.
        """

    def created(self, type_name: str, object_id: str, created_at: str, touches: Sequence[Touch] = ()) -> None:
        """Record for the undo that this run created the object, and its fields."""

    def answered(self, type_name: str, object_id: str, touch: Touch) -> None:
        """Record Looker's answer to a write to the object, or to a part of it."""


class Source(Protocol):
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

    def rename(self, write: Write) -> bool:
        """Whether an object that holds the name of another item may be renamed."""

    def item(self, plan: Any, *, last: bool) -> None:
        """Raises ItemError if the item must not be written as planned. ``last``: it has had its first pass."""

    def parts(self, key: ItemKey, live_id: str, parts: Plan) -> None:
        """The same for parts that were planned again after the object itself was written."""


class Everything:
    """Implements :class:`Permit`: all planned writes are allowed."""

    def rename(self, write: Write) -> bool:
        return True

    def item(self, plan: Any, *, last: bool) -> None:
        return None

    def parts(self, key: ItemKey, live_id: str, parts: Plan) -> None:
        return None


class Definitions(Protocol):
    """Source of definitions behind ids."""

    def query(self, query_id: str) -> JsonObject | None:
        """The definition of a query of the backup; None if it is not available."""

    def merge_query(self, merge_query_id: str) -> JsonObject | None:
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

    def query(self, query_id: str) -> JsonObject | None:
        return None

    def merge_query(self, merge_query_id: str) -> JsonObject | None:
        return None

    def inside(self, group_id: str) -> Sequence[str] | None:
        return None

    def holders(self, role_id: str) -> Sequence[str] | None:
        return None

    def access(self, folder_id: str) -> AccessList | None:
        return None

    def colours(self) -> KnownColours:
        return KnownColours()
