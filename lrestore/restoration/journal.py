"""Interfaces to what is on record about a restore: answers for all, and a journal for those that write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from lrestore.json_types import JsonObject
from lrestore.messages import Intent, ItemKey, ObjectMapping, Proof, Recorded, Touch


class LiveObject(NamedTuple):
    """A live object as it was read: ``raw``, with all nulls."""

    type: str
    id: str
    name: str
    raw: JsonObject


class Records(Protocol):
    """The records that planning may read."""

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


class Journal(Records, Protocol):
    """Records each step, so that nothing is lost or created twice. In a bulk run it sends to the writer process."""

    def map(self, mapping: ObjectMapping) -> None:
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

    def keep(self, live: LiveObject, more: Mapping[str, object] | None = None, touches: Sequence[Touch] = ()) -> None:
        """Keep a copy of a live object, durably, before it is changed for the first time, and note what is about to be
        written. ``more`` are facts that the object itself does not show: they are added to a copy that lacks them.
        """

    def created(self, type_name: str, object_id: str, created_at: str, touches: Sequence[Touch] = ()) -> None:
        """Record for the undo that this run created the object, and its fields."""

    def answered(self, type_name: str, object_id: str, touch: Touch) -> None:
        """Record Looker's answer to a write to the object, or to a part of it."""
