"""The journal of a session: records each step, so that nothing is lost or created twice."""

from __future__ import annotations

import threading
from collections import abc
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from lrestore.clock import stamp, utc_now
from lrestore.content.identity import same_origin
from lrestore.crash_points import crash_point
from lrestore.messages import Intent, ItemKey, ObjectMapping, Proof, Recorded, Touch
from lrestore.restoration.journal import LiveObject
from lrestore.run.journal.mappings import Mappings
from lrestore.run.journal.records import Closed, Dropped, JournalRecord, Mapped, Opened
from lrestore.run.journal.settle_time import SettleTime
from lrestore.run.journal.since_tasks import SinceTasks
from lrestore.state.read import StateReader
from lrestore.state.undo import UndoJournal
from lrestore.state.undo_log import read_undo


class SessionJournal:
    """Implements :class:`lrestore.restoration.journal.Journal` by sending records.

    ``send`` passes a record on, in order; ``settle`` returns when everything that was sent is durable. In a run of one
    process both write the state file; in a worker they send to the writer process. Mappings of this process are visible
    at once, those of other processes as soon as they are committed.
    """

    def __init__(
        self,
        send: Callable[[JournalRecord], object],
        settle: Callable[[], None],
        reader: StateReader,
        undo: UndoJournal,
        session_id: str,
        mappings: Mappings,
    ) -> None:
        self._send = send
        self._settle = settle
        self._reader = reader
        self._undo = undo
        self._session_id = session_id
        self._recorded = mappings
        self._route = mappings.route
        self._mapped: dict[tuple[str, str], Recorded] = {}
        self._again: dict[ItemKey, bool] = {}
        self._dropped: set[ItemKey] = set()
        """Items of which an intent was dropped and may not be so on disk yet."""
        self._settle_time = SettleTime()
        self._kept_before: dict[tuple[str, str], str] | None = None
        # Threads of a worker share the connection, and Python's sqlite3 can crash if two use one at the same time.
        self._reading = threading.Lock()
        self._since_tasks = SinceTasks(reader, mappings)

    def tasks_came(self) -> None:
        """To a worker: what its items depend on is on disk."""
        self._since_tasks.came()

    def repeat(self, key: ItemKey, *, died: bool = False) -> None:
        """A process that ended had the item: check what it had begun. ``died``: it was a process of this start, so that
        its undo copies must be read again each time.
        """
        self._again[key] = died

    def recorded(self, type_name: str, source_id: str) -> Recorded | None:
        own = self._mapped.get((type_name, source_id))
        if own is not None:
            return own
        with self._reading:
            return self._since_tasks.recorded(type_name, source_id)

    def copied(self, type_name: str, destination_id: str) -> Sequence[Recorded]:
        with self._reading:
            return self._recorded.copied(type_name, destination_id)

    def map(self, mapping: ObjectMapping) -> None:
        self._note(mapping)
        self._send(Mapped(mapping))

    def _note(self, mapping: ObjectMapping) -> None:
        known = Recorded(mapping.destination_id, mapping.proof, stamp(utc_now()), sure=True)
        self._mapped[mapping.type, mapping.source_id] = known

    def open_intents(self, intents: Sequence[Intent]) -> list[Intent]:
        opened_at = stamp(utc_now())
        self._since_tasks.opened(intents)
        opened = [msgspec.structs.replace(intent, opened_at=opened_at) for intent in intents]
        self._send(Opened(tuple(opened)))
        crash_point("intent.sent")
        self._settle()
        crash_point("intent.acked")
        return opened

    def may_run_s(self, intent: Intent, settle_s: float) -> float | None:
        if intent.key in self._dropped:
            # On record, the create that Looker has refused would still be open: it would be waited for.
            self._settle()
            self._dropped.discard(intent.key)
        with self._reading:
            opened_at = self._reader.last_open_try(self._route, intent)
        if opened_at is None:
            return None
        return self._settle_time.left_s(opened_at, settle_s, of_this_run=self._again.get(intent.key, False))

    def close_intent(self, intent: Intent, destination_id: str, proof: Proof) -> None:
        self._note(ObjectMapping(*intent.mapped_by, destination_id, proof))
        self._send(Closed(intent, destination_id, proof))
        self._since_tasks.settled(intent)

    def drop_intent(self, intent: Intent) -> None:
        self._send(Dropped(intent))
        self._since_tasks.settled(intent)
        self._dropped.add(intent.key)

    def keep(self, live: LiveObject, more: abc.Mapping[str, Any] | None = None, touches: Sequence[Touch] = ()) -> None:
        self._undo.before_update(live.type, live.id, live.name, live.raw, more, touches)
        crash_point("undo.kept")

    def delete(self, live: LiveObject) -> None:
        """Keep a copy of an object that is about to be deleted."""
        self._undo.before_delete(live.type, live.id, live.name, live.raw)
        crash_point("undo.kept")

    def created(self, type_name: str, object_id: str, created_at: str, touches: Sequence[Touch] = ()) -> None:
        self._undo.created(type_name, object_id, created_at=created_at, touches=touches)

    def answered(self, type_name: str, object_id: str, touch: Touch) -> None:
        self._undo.answered(type_name, object_id, touch)

    def begun(self, key: ItemKey) -> bool:
        if key not in self._again:
            return False
        with self._reading:
            return self._reader.begun(self._session_id, key)

    def unsettled(self, key: ItemKey) -> bool:
        with self._reading:
            return self._since_tasks.may_be_open(key) and self._reader.in_doubt(self._route, key, parts=False)

    def in_doubt(self, key: ItemKey) -> bool:
        with self._reading:
            return self._since_tasks.may_be_open(key) and self._reader.in_doubt(self._route, key, parts=True)

    def unsettled_parts(self, key: ItemKey) -> frozenset[tuple[str, str]]:
        with self._reading:
            return self._reader.open_parts(self._route, key) if self._since_tasks.may_be_open(key) else frozenset()

    def recorded_as(self, type_name: str, destination_id: str) -> dict[str, Recorded]:
        own = recorded_as(list(self._mapped.items()), type_name, destination_id)
        with self._reading:
            return {**self._recorded.recorded_as(type_name, destination_id), **own}

    def kept(self, key: ItemKey, object_id: str, created_at: object) -> bool:
        if key not in self._again:
            return False
        if self._again[key]:
            copies = self._copies()
        else:
            # Read once: reading the copies for each of thousands of items of a resumed run would take too long.
            self._kept_before = copies = self._copies() if self._kept_before is None else self._kept_before
        born = copies.get((key.type, object_id))
        return born is not None and same_origin(born, created_at) is not False

    def _copies(self) -> dict[tuple[str, str], str]:
        """The objects of which this session has kept copies, with their ``created_at``."""
        return {(one.type, one.destination_id): one.created_at for one in read_undo(self._undo.path.parent)}


def recorded_as(
    known: Iterable[tuple[tuple[str, str], Recorded]], type_name: str, destination_id: str
) -> dict[str, Recorded]:
    """The known mappings that lead to one live object, by source id."""
    return {
        source_id: recorded
        for (kind, source_id), recorded in known
        if (kind, recorded.destination_id) == (type_name, destination_id)
    }
