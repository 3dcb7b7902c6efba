"""The journal of a session: what is written down so that nothing is lost or doubled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import msgspec

from lrestore.clock import stamp, utc_now
from lrestore.crash_points import crash_point
from lrestore.json_types import JsonObject
from lrestore.messages import Intent, ItemKey, Mapping
from lrestore.run.journal.records import Closed, Dropped, Mapped, Opened, Record
from lrestore.run.journal.waits import Waits
from lrestore.state.read import StateReader
from lrestore.state.undo import UndoJournal, read_undo


class SessionJournal:
    """Implements :class:`lrestore.restoration.context.Journal` over a place to send records to.

    ``send`` passes a record on, in order; ``settle`` returns when all that was sent is durable. In a run of one process
    both are the state file itself; in a worker they speak to the writer process. What this process has mapped it knows
    at once; what others have, as soon as it is committed.
    """

    def __init__(
        self,
        send: Callable[[Record], object],
        settle: Callable[[], None],
        reader: StateReader,
        undo: UndoJournal,
        route: tuple[str, str, str],
    ) -> None:
        self._send = send
        self._settle = settle
        self._reader = reader
        self._undo = undo
        self._session_id, self._source_instance, self._destination = route
        self._mapped: dict[tuple[str, str], str] = {}
        self._again: dict[ItemKey, bool] = {}
        self._waits = Waits()
        self._kept_before: frozenset[tuple[str, str]] | None = None
        # Threads of a worker share the connection, and Python's sqlite3 can crash when two use one at the same time.
        self._reading = threading.Lock()

    def repeat(self, key: ItemKey, *, died: bool = False) -> None:
        """The item was in the hands of a process that ended: look at what that process had begun. ``died``: it was one
        of this start, so that not even now all is known of those.
        """
        self._again[key] = died

    def mapping(self, type_name: str, source_id: str) -> str | None:
        own = self._mapped.get((type_name, source_id))
        if own is not None:
            return own
        with self._reading:
            return self._reader.mapping(self._source_instance, self._destination, type_name, source_id)

    def map(self, type_name: str, source_id: str, destination_id: str) -> None:
        self._mapped[type_name, source_id] = destination_id
        self._send(Mapped(Mapping(type_name, source_id, destination_id)))

    def open_intents(self, intents: Sequence[Intent]) -> list[Intent]:
        opened_at = stamp(utc_now())
        opened = [msgspec.structs.replace(intent, opened_at=opened_at) for intent in intents]
        self._send(Opened(tuple(opened)))
        crash_point("intent.sent")
        self._settle()
        crash_point("intent.acked")
        return opened

    def may_run_s(self, intent: Intent, settle_s: float) -> float | None:
        with self._reading:
            route = (self._source_instance, self._destination)
            opened_at = self._reader.last_open_try(*route, *intent.mapped_by)
        if opened_at is None:
            return None
        return self._waits.left_s(opened_at, settle_s, of_this_run=self._again.get(intent.key, False))

    def close_intent(self, intent: Intent, destination_id: str) -> None:
        self._mapped[intent.mapped_by] = destination_id
        self._send(Closed(intent, destination_id))

    def drop_intent(self, intent: Intent) -> None:
        self._send(Dropped(intent))

    def keep(self, type_name: str, object_id: str, name: str, live: JsonObject) -> None:
        self._undo.before_update(type_name, object_id, name, live)
        crash_point("undo.kept")

    def created(self, type_name: str, object_id: str) -> None:
        self._undo.created(type_name, object_id)

    def begun(self, key: ItemKey) -> bool:
        if key not in self._again:
            return False
        with self._reading:
            return self._reader.begun(self._session_id, key)

    def unsettled(self, key: ItemKey) -> bool:
        with self._reading:
            return self._reader.in_doubt(key, parts=False)

    def in_doubt(self, key: ItemKey) -> bool:
        with self._reading:
            return self._reader.in_doubt(key, parts=True)

    def unsettled_parts(self, key: ItemKey) -> frozenset[tuple[str, str]]:
        with self._reading:
            return self._reader.open_parts(key)

    def claimed(self, key: ItemKey, destination_id: str) -> bool:
        return bool(self.claimants(key.type, destination_id) - {key.id})

    def claimants(self, type_name: str, destination_id: str) -> frozenset[str]:
        mapped = list(self._mapped.items())
        own = {source for (kind, source), live in mapped if (kind, live) == (type_name, destination_id)}
        with self._reading:
            route = (self._source_instance, self._destination)
            return frozenset({*own, *self._reader.mapped_sources(*route, type_name, destination_id)})

    def kept(self, key: ItemKey, object_id: str) -> bool:
        if key not in self._again:
            return False
        if self._again[key]:
            return (key.type, object_id) in self._copies()
        # Read once: for each of thousands of items that a resumed run has left, it would take longer than these.
        if self._kept_before is None:
            self._kept_before = self._copies()
        return (key.type, object_id) in self._kept_before

    def _copies(self) -> frozenset[tuple[str, str]]:
        """The objects of which this session has kept copies."""
        return frozenset((entry.type, entry.destination_id) for entry in read_undo(self._undo.path.parent))
