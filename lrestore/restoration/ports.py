"""What a restore needs from outside, as interfaces: a journal to record in, the backup, definitions of queries.

A bulk run, a run in one process, and a plan that records nothing each bring their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from lrestore.content.palettes import KnownColours
from lrestore.json_types import JsonObject
from lrestore.looker.read.access_lists import AccessList
from lrestore.messages import Intent, ItemKey, Proof, Recorded, Touch, UndoAction
from lrestore.messages import Mapping as IdMapping
from lrestore.restoration.writes import Plan, Write


class LiveObject(NamedTuple):
    """A live object as it was read: ``raw``, with all nulls."""

    type: str
    id: str
    name: str
    raw: JsonObject


class Journal(Protocol):
    """What is written down so that nothing is lost or doubled. In a bulk run it speaks to the writer process."""

    def recorded(self, type_name: str, source_id: str) -> Recorded | None:
        """Which live object a backed-up one, or a part of one, is on record as. It counts only if it is proved, see
        :mod:`lrestore.restoration.identify.proof`.
        """

    def recorded_as(self, type_name: str, destination_id: str) -> Mapping[str, Recorded]:
        """The items, by source id, that are on record as the live object of that id: to be proved, too."""

    def map(self, mapping: IdMapping) -> None:
        """Record which live object a backed-up one is."""

    def open_intents(self, intents: Sequence[Intent]) -> list[Intent]:
        """Note, durably, that objects are about to be created. What is returned tells this try from others."""

    def may_run_s(self, intent: Intent, settle_s: float) -> float | None:
        """For how many seconds an earlier create of the same object may still take effect, if one may for ``settle_s``
        since it was recorded; None where none is on record whose end is unknown.
        """

    def close_intent(self, intent: Intent, destination_id: str, proof: Proof) -> None:
        """The object exists: record its mapping and forget the intent."""

    def drop_intent(self, intent: Intent) -> None:
        """Looker refused, so nothing was created."""

    def begun(self, key: ItemKey) -> bool:
        """Whether this session has begun to create the item before, in a process that died since."""

    def unsettled(self, key: ItemKey) -> bool:
        """Whether some session has begun to create the item and nobody knows what became of it."""

    def in_doubt(self, key: ItemKey) -> bool:
        """Whether the item, or a part of it, was about to be created, and it is unknown what became of that."""

    def unsettled_parts(self, key: ItemKey) -> frozenset[tuple[str, str]]:
        """Type and source id of the parts of the item of which it is not known whether they were created."""

    def kept(self, key: ItemKey, object_id: str, created_at: object) -> bool:
        """Whether this session has a copy of the item's live object already, so that it may have been written. An
        object of another ``created_at`` is another object.
        """

    def keep(self, live: LiveObject, more: Mapping[str, Any] | None = None, touches: Sequence[Touch] = ()) -> None:
        """Keep a copy of a live object, durably, before it is changed for the first time, and note what is about to be
        written. ``more`` are facts that the object itself does not show: they are added to a copy that lacks them.
        """

    def created(self, type_name: str, object_id: str, created_at: str, touches: Sequence[Touch] = ()) -> None:
        """Note for the undo that this run made the object, and of what."""

    def answered(self, type_name: str, object_id: str, touch: Touch) -> None:
        """Note what Looker made of something that was sent to the object, or to a part of it."""


class Source(Protocol):
    """The backup, as far as one item needs others of it."""

    def read(self, key: ItemKey, *, max_item_bytes: int) -> Any:
        """The item, or an ItemError."""

    def holds(self, key: ItemKey) -> bool:
        """Whether the backup has an item under this key, readable or not."""

    def namesakes(self, key: ItemKey) -> Sequence[str]:
        """The ids of the items of the same type and name, the item's own among them."""

    @property
    def personal_folders(self) -> Mapping[str, str]:
        """The id of each user's personal folder → the user's id."""


class Permit(Protocol):
    """Which of the writes that are planned may go out."""

    def rename(self, write: Write) -> bool:
        """Whether an object that holds the name of another may get another name."""

    def item(self, plan: Any, *, last: bool) -> None:
        """Raises ItemError where the item must not be written as it is planned. ``last``: it has had its first turn."""

    def parts(self, key: ItemKey, live_id: str, parts: Plan) -> None:
        """The same, for parts that were planned anew when the object itself had been written."""


class Everything:
    """Implements :class:`Permit`: whatever is planned may be written."""

    def rename(self, write: Write) -> bool:
        return True

    def item(self, plan: Any, *, last: bool) -> None:
        return None

    def parts(self, key: ItemKey, live_id: str, parts: Plan) -> None:
        return None


class Definitions(Protocol):
    """Where definitions can be had."""

    def query(self, query_id: str) -> JsonObject | None:
        """The definition of a query of the backup, None where it cannot be had."""

    def merge_query(self, merge_query_id: str) -> JsonObject | None:
        """The same of a merged query."""

    def inside(self, group_id: str) -> Sequence[str] | None:
        """The backed-up groups that are directly in another, None where that is not known."""

    def holders(self, role_id: str) -> Sequence[str] | None:
        """The backed-up groups that have a role, None where that is not known."""

    def access(self, folder_id: str) -> AccessList | None:
        """Who may see a folder of the source instance, None where that is not known."""

    def colours(self) -> KnownColours:
        """The colour collections of both instances, listed once."""


class UndoneSession(Protocol):
    """What a session did that is being taken back. Objects and parts go by the ids that they had in the destination."""

    session_id: str
    force: bool
    """Whether objects that were changed since are put back, too."""

    def action(self, key: ItemKey) -> UndoAction:
        """What the undo does with the object."""

    def touches(self, owner: ItemKey) -> Sequence[Touch]:
        """What the session wrote, or was about to write, to an object and its parts."""

    def made_from(self, type_name: str, live_id: str) -> str | None:
        """The id in the session's backup of a part that the session made; None for a part that it did not make."""


class Nowhere:
    """Implements :class:`Definitions`: nothing can be had."""

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
