"""The one writer of the state file.

Each record method is a transaction, or a part of the one that ``with writer.transaction():`` holds open, so that many
results share one commit. All methods are idempotent: recording the same message twice changes nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from lrestore.clock import WallClock, stamp, utc_now
from lrestore.errors import StateError
from lrestore.messages import UNPROVED, Intent, ItemKey, ItemResult, ObjectMapping, Proof, Totals
from lrestore.ontology.specification import Specification
from lrestore.state.connection import Connect
from lrestore.state.migrations import CURRENT, StateSchema
from lrestore.state.open_file import closing_on_error, open_writable
from lrestore.state.read import StateReader
from lrestore.state.records import UNDO, Pace, RestorationCheckpoint, RestorationSession, SessionStatus
from lrestore.state.rows import checkpoint_values, count_values, dead_letter_values, key_values, result_values
from lrestore.state.transactions import Transactions
from lrestore.text.storable import to_json
from lrestore.version import __version__


class StateWriter(Transactions):
    """Writes the state file. Threads may share it; processes may not (``lock.RunLock`` prevents a second one).

    ``read`` reads over the same connection, including uncommitted changes. Every method may raise StateError.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, now: WallClock) -> None:
        super().__init__(connection, path)
        self._now = now
        self._routes: dict[str, dict[str, str]] = {}
        self._undoing: set[str] = set()
        self.read = StateReader(self)

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        now: WallClock = utc_now,
        connect: Connect = sqlite3.connect,
        schema: StateSchema = CURRENT,
    ) -> Self:
        """Open the state file; create it (private, 0600) or migrate it as needed. StateError if it is a
        foreign file.
        """
        connection = open_writable(Path(path), connect=connect, schema=schema)
        with closing_on_error(connection):
            return cls(connection, Path(path), now)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def begin_session(self, session: RestorationSession) -> None:
        """Record the begin of a run, with the number of selected items. StateError if the id exists already."""
        values = {
            **{name: getattr(session, name) for name in _SESSION_TEXTS},
            "started_at": session.started_at or self._stamp(),
            "source_paths": to_json(session.source_paths),
            "selection": to_json(session.selection),
            "settings": to_json(session.settings),
            "pid": session.pid,
            "selected": session.totals.selected,
            "parent_id": session.parent_id or None,
        }
        with self.transaction():
            self.execute("insert_session", values)

    def reopen_session(self, session_id: str, *, pid: int, host: str, reason: str = "") -> None:
        """Record that an unfinished session is resumed. ``reason``: all reasons that were given so far."""
        self._route(session_id)
        with self.transaction():
            self.execute("reopen_session", {"session_id": session_id, "pid": pid, "host": host, "reason": reason})

    def end_session(self, session_id: str, status: SessionStatus, totals: Totals) -> None:
        """Record the end of a session, with a last checkpoint. ``stopped`` and ``interrupted`` sessions
        are resumable.
        """
        values = {"session_id": session_id, "status": status, "ended_at": self._stamp(), **count_values(totals)}
        with self.transaction():
            self.checkpoint(session_id, totals)
            self.execute("end_session", values)

    def discard_session(self, session_id: str) -> None:
        """Give an unfinished session up: it cannot be resumed any more."""
        self._route(session_id)
        with self.transaction():
            self.execute("discard_session", {"session_id": session_id, "discarded_at": self._stamp()})

    def checkpoint(self, session_id: str, totals: Totals) -> None:
        """Record the totals so far, for information. ``--resume`` uses the results, not the checkpoints."""
        self._route(session_id)
        point = RestorationCheckpoint(session_id, self._stamp(), totals)
        with self.transaction():
            self.execute("insert_checkpoint", checkpoint_values(point))

    def record_result(self, session_id: str, result: ItemResult, blob: bytes | None = None) -> tuple[str, ...]:
        """Record the result of an item: outcome, mappings (which close their intents), dead letter with its content.

        ValueError if a failed result has no dead letter, or another one has. A restored item resolves its dead letters
        of earlier sessions. Returns warnings about mappings, see :meth:`record_mappings`.
        """
        if (result.outcome == "failed") != (result.dead_letter is not None):
            raise ValueError(f"{result.key}: a dead letter belongs to outcome failed and to no other")
        route = self._route(session_id)
        with self.transaction():
            self.execute("upsert_result", {"session_id": session_id, **result_values(result, self._stamp())})
            warnings = self.record_mappings(session_id, _mappings_of(result))
            if result.outcome != "failed" or result.incomplete:
                # The item is restored, so its open creates of any session have been looked for and can be dropped.
                values = {**route, **key_values(result.key), "closed_at": self._stamp()}
                self.execute("drop_intents_of_item", values)
            self._record_dead_letter(session_id, result, blob)
        return warnings

    def record_mappings(self, session_id: str, mappings: Iterable[ObjectMapping]) -> tuple[str, ...]:
        """Record mappings, and close the intents that waited for them.

        Returns a warning for each live object that is now mapped to more than one backed-up object of its type.
        """
        route = self._route(session_id)
        with self.transaction():
            warnings = [self._map(route, mapping, session_id) for mapping in mappings]
        return tuple(warning for warning in warnings if warning)

    def close_mappings(self, session_id: str, type_name: str, destination_id: str) -> None:
        """Close the mappings to a live object that was deleted: they no longer count, but stay recorded."""
        values = {**self._route(session_id), "content_type": type_name, "destination_id": destination_id}
        with self.transaction():
            self.execute("close_mappings", {**values, "closed_at": self._stamp()})

    def open_intent(self, session_id: str, intent: Intent) -> int:
        """Record that an object is about to be created; returns the number of the intent after the commit.

        The same intent returns the same number while it is open. An intent with another natural key is a different one,
        because both objects may be created; so is an intent of another try, which has another ``opened_at``.
        """
        mapped_type, mapped_id = intent.mapped_by
        values = {
            "session_id": session_id,
            "content_type": intent.key.type,
            "source_id": intent.key.id,
            "part": intent.part,
            "natural_key": intent.natural_key,
            "parent_id": intent.parent_id,
            "mapped_type": mapped_type,
            "mapped_id": mapped_id,
            "opened_at": intent.opened_at,
        }
        self._route(session_id)
        with self.transaction():
            found = self.execute("select_same_intent", values).fetchone()
            if found:
                return int(found["id"])
            values["opened_at"] = intent.opened_at or self._stamp()
            return int(self.execute("insert_intent", values).lastrowid or 0)

    def close_intent(self, intent_id: int, destination_id: str, proof: Proof = UNPROVED) -> tuple[str, ...]:
        """The object exists: record its mapping and close the intent. Returns warnings as :meth:`record_mappings`."""
        with self.transaction():
            row = self.execute("select_intent", {"intent_id": intent_id}).fetchone()
            if row is None:
                raise StateError(f"state file {self.path}: there is no intent {intent_id}")
            values = {"intent_id": intent_id, "destination_id": destination_id, "closed_at": self._stamp()}
            self.execute("close_intent", values)
            mapping = ObjectMapping(row["mapped_type"], row["mapped_id"], destination_id, proof)
            return self.record_mappings(row["session_id"], [mapping])

    def delete_intent(self, intent_id: int) -> None:
        """Remove an open intent whose create was never sent, or was refused: no object of it can appear."""
        with self.transaction():
            self.execute("delete_intent", {"intent_id": intent_id})

    def drop_intent(self, intent_id: int) -> None:
        """The object was provably not created: Looker refused it, or a search did not find it."""
        with self.transaction():
            self.execute("drop_intent", {"intent_id": intent_id, "closed_at": self._stamp()})

    def add_to_dead_letter(self, session_id: str, key: ItemKey, text: str) -> None:
        """Add a text to the dead letter of an item, once."""
        with self.transaction():
            values = {"session_id": session_id, **key_values(key), "text": f"; {text}"}
            self.execute("extend_dead_letter", values)

    def record_pace(self, session_id: str, pace: Pace) -> None:
        """Store how fast the destination answered a session; the last start of a resumed one counts."""
        values = {name: getattr(pace, name) for name in ("calls", "latency_ms", "per_second", "reached")}
        latencies = to_json(pace.latencies_ms)
        with self.transaction():
            self.execute("upsert_pace", {**values, "session_id": session_id, "latencies": latencies})

    def record_specification(self, destination: str, looker_version: str, found: Specification) -> None:
        """Store the API specification of a destination's release."""
        values = {
            "destination": destination,
            "looker_version": looker_version,
            "lrestore_version": __version__,
            "content": to_json(found),
            "fetched_at": self._stamp(),
        }
        with self.transaction():
            self.execute("upsert_specification", values)

    def _map(self, route: Mapping[str, str], mapping: ObjectMapping, session_id: str) -> str:
        values = {
            **route,
            "content_type": mapping.type,
            "source_id": mapping.source_id,
            "destination_id": mapping.destination_id,
            "destination_created_at": mapping.proof.created_at,
            "natural_key": mapping.proof.key,
        }
        now = self._stamp()
        self.execute("upsert_mapping", {**values, "session_id": session_id, "created_at": now})
        self.execute("close_mapped_intents", {**values, "closed_at": now})
        if mapping.source_id != mapping.destination_id and session_id in self._undoing:
            self.execute("repoint_mappings", values)
        rows = self.execute("select_mapped_sources", {**values, "former": ""}).fetchall()
        # A row with another created_at belongs to another object, which had the id before.
        born = mapping.proof.created_at
        sources = [row["source_id"] for row in rows if not born or row["destination_created_at"] in ("", born)]
        if len(sources) < 2:
            return ""
        return (
            f"{mapping.type} {', '.join(sources)} of {route['source_instance']} are all recorded as "
            f"{mapping.type} {mapping.destination_id} of {route['destination']}"
        )

    def _record_dead_letter(self, session_id: str, result: ItemResult, blob: bytes | None) -> None:
        key = {"session_id": session_id, **key_values(result.key)}
        if result.dead_letter is not None:
            self.execute("upsert_dead_letter", {**key, **dead_letter_values(result.dead_letter), "content": blob})
            return
        self.execute("delete_dead_letter", key)
        if result.outcome != "skipped":
            self.execute("resolve_dead_letters", {**key, **self._route(session_id)})

    def _route(self, session_id: str) -> dict[str, str]:
        """Source instance and destination of a session, which key its mappings."""
        if session_id not in self._routes:
            with self._lock:
                row = self.execute("select_session", {"session_id": session_id}).fetchone()
            if row is None:
                raise StateError(f"state file {self.path}: there is no session {session_id}")
            if row["mode"] == UNDO:
                self._undoing.add(session_id)
            self._routes[session_id] = {
                "source_instance": row["source_instance"],
                "destination": row["destination"],
            }
        return self._routes[session_id]

    def _stamp(self) -> str:
        return stamp(self._now())


_SESSION_TEXTS = (
    "id",
    "mode",
    "source_instance",
    "source_fingerprint",
    "destination",
    "base_url",
    "user",
    "looker_version",
    "lrestore_version",
    "host",
    "os_user",
    "command",
    "reason",
    "backed_up_at",
)


def _mappings_of(result: ItemResult) -> tuple[ObjectMapping, ...]:
    """The result's mappings; a created item always has one, so that it is never created again."""
    own = ObjectMapping(result.key.type, result.key.id, result.destination_id)
    named = any((mapping.type, mapping.source_id) == (own.type, own.source_id) for mapping in result.mappings)
    if result.outcome == "created" and result.destination_id and not named:
        return (*result.mappings, own)
    return result.mappings
