"""Reads the state file: sessions, results, dead letters, mappings, open creates."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from lrestore.clock import stamp
from lrestore.errors import StateError, UsageError
from lrestore.messages import (
    Intent,
    ItemKey,
    ItemResult,
    Outcome,
    Recorded,
    Totals,
)
from lrestore.ontology.specification import Specification
from lrestore.state.connection import Connect, StateFile, state_errors
from lrestore.state.open_file import open_readonly
from lrestore.state.records import (
    CreatedObject,
    DeadLetterItem,
    IDMapping,
    MappingRoute,
    OpenIntent,
    Pace,
    RepeatedIntent,
    RestorationSession,
)
from lrestore.state.rows import (
    dead_letter_item_of,
    intent_of,
    item_values,
    open_intent_of,
    recorded_of,
    recorded_pace,
    result_of,
    session_of,
)
from lrestore.vault.sqlite_uri import sqlite_uri
from lrestore.version import __version__

LAST = "last"


class StateReader:
    """Any number of readers may exist, in any process, besides the one writer. Every method may raise StateError."""

    def __init__(self, file: StateFile) -> None:
        self._file = file

    @classmethod
    def open(cls, path: Path | str, *, connect: Connect = sqlite3.connect) -> Self:
        """Open for reading; StateError if there is no file, or this lrestore cannot read it."""
        return cls(StateFile(open_readonly(Path(path), connect=connect), Path(path)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def save(self, target: Path) -> None:
        """Copy everything into a new private file (0600). This works even if the state file was removed after opening.
        Raises StateError if that fails or the copy is damaged; then the copy is deleted.
        """
        with state_errors(target):
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            try:
                with closing(sqlite3.connect(sqlite_uri(target, "rw"), uri=True)) as copy:
                    self._file.connection.backup(copy)
                    (found,) = copy.execute("PRAGMA quick_check").fetchone()
                _expect_sound(found, self._file.path)
            except BaseException:
                target.unlink(missing_ok=True)
                raise

    def sessions(self) -> list[RestorationSession]:
        """All sessions, oldest first."""
        return [self._session(row) for row in self._file.rows("select_sessions", {})]

    def session(self, reference: str = LAST) -> RestorationSession:
        """The session with that id or unique prefix of an id, or the ``last`` one; UsageError if there is none."""
        if reference == LAST:
            found = list(self._file.rows("select_last_session", {}))
        else:
            found = list(self._file.rows("select_session", {"session_id": reference})) or list(
                self._file.rows("select_sessions_by_prefix", {"prefix": reference})
            )
        if not found:
            raise UsageError(f"no session {reference!r} in {self._file.path}", hint="--show sessions lists them")
        if len(found) > 1:
            ids = ", ".join(row["id"] for row in found)
            raise UsageError(
                f"session {reference!r} is ambiguous: it fits {ids}", hint="give more characters of the id"
            )
        return self._session(found[0])

    def last_unfinished(self) -> RestorationSession | None:
        """The session that ``--resume`` without an id resumes."""
        return next((self._session(row) for row in self._file.rows("select_last_unfinished", {})), None)

    def superseding(self, session_id: str) -> list[str]:
        """Finished sessions that began after this one and restored some of its items, the last one first."""
        return [row["id"] for row in self._file.rows("select_superseding", {"session_id": session_id})]

    def last_pace(self, destination: str) -> Pace | None:
        """How fast the destination answered the last session that made calls; None if there was none."""
        row = self._file.row("select_last_pace", {"destination": destination})
        return None if row is None else recorded_pace(row)

    def recent_pace(self, destination: str, since: datetime) -> Pace | None:
        """The same of the fastest session that ended at ``since`` or later and needed a limit; None if there was none.

        Sessions before one whose calls were refused do not count: that one knows what is admitted. A later session that
        had little to call shows nothing else.
        """
        row = self._file.row("select_recent_pace", {"destination": destination, "since": stamp(since)})
        return None if row is None else recorded_pace(row)

    def unfinished_ids(self) -> frozenset[str]:
        """Sessions whose undo copies must be kept, however old."""
        return frozenset(row["id"] for row in self._file.rows("select_unfinished_ids", {}))

    def results(self, session_id: str) -> Iterator[ItemResult]:
        """Results with their dead letters, without mappings (see :meth:`mappings`)."""
        return (result_of(row) for row in self._file.rows("select_results", {"session_id": session_id}))

    def outcomes(self, session_id: str) -> dict[ItemKey, Outcome]:
        """The outcomes by item; ``--resume`` skips these items."""
        rows = self._file.rows("select_outcomes", {"session_id": session_id})
        return {ItemKey(row["content_type"], row["source_id"]): row["outcome"] for row in rows}

    def totals_by_type(self, session_id: str) -> dict[str, Totals]:
        """Totals counted from the results, correct even for a session that was killed."""
        counts: dict[str, dict[Outcome, int]] = {}
        for row in self._file.rows("count_results", {"session_id": session_id}):
            counts.setdefault(row["content_type"], {})[row["outcome"]] = row["items"]
        return {type_name: Totals.of(by_outcome) for type_name, by_outcome in counts.items()}

    def dead_letters(self, session_id: str | None = None) -> Iterator[DeadLetterItem]:
        """The dead letters of one session or of all; resolved ones name the session that resolved them."""
        return map(dead_letter_item_of, self._file.rows("select_dead_letters", {"session_id": session_id}))

    def open_dead_letters(self) -> Iterator[DeadLetterItem]:
        """The newest open dead letter of each item that is not restored yet, of any session."""
        return map(dead_letter_item_of, self._file.rows("select_open_dead_letters", {}))

    def recorded(self, route: MappingRoute, content_type: str, source_id: str) -> Recorded | None:
        """The recorded mapping of a backed-up object, or None."""
        values = {**msgspec.structs.asdict(route), "content_type": content_type, "source_id": source_id}
        row = self._file.row("select_mapping", values)
        return None if row is None else recorded_of(row)

    def maps(self, route: MappingRoute, content_type: str) -> bool:
        """Whether any backed-up object of the type has a recorded mapping."""
        values = {**msgspec.structs.asdict(route), "content_type": content_type}
        return self._file.row("select_any_mapping", values) is not None

    def recorded_as(self, route: MappingRoute, content_type: str, destination_id: str) -> dict[str, Recorded]:
        """The backed-up objects that are mapped to this live object, by source id: normally one."""
        values = {**msgspec.structs.asdict(route), "content_type": content_type, "destination_id": destination_id}
        return {row["source_id"]: recorded_of(row) for row in self._file.rows("select_mapped_sources", values)}

    def recorded_copies(self, route: MappingRoute, content_type: str, destination_id: str) -> list[Recorded]:
        """The mappings by which this live object is a copy that a session has made beside an original."""
        values = {**msgspec.structs.asdict(route), "content_type": content_type, "destination_id": destination_id}
        return [recorded_of(row) for row in self._file.rows("select_recorded_copies", values)]

    def mappings(self, content_type: str | None = None) -> Iterator[IDMapping]:
        """All mappings, or those of one type."""
        rows = self._file.rows("select_mappings", {"content_type": content_type})
        return (
            IDMapping(**{**dict(row), "session_id": row["session_id"] or "", "name": row["name"] or ""}) for row in rows
        )

    def mappings_of_parts(self, item: IDMapping) -> Iterator[IDMapping]:
        """The mappings of the parts that were created for an item."""
        names = ("source_instance", "destination", "content_type", "source_id")
        rows = self._file.rows("select_mappings_of_parts", {name: getattr(item, name) for name in names})
        return (IDMapping(**{**dict(row), "session_id": row["session_id"] or ""}) for row in rows)

    def with_counterpart(self, route: MappingRoute) -> frozenset[ItemKey]:
        """The backed-up items that have a recorded counterpart in the destination."""
        rows = self._file.rows("select_with_counterpart", msgspec.structs.asdict(route))
        return frozenset(ItemKey(row["content_type"], row["source_id"]) for row in rows)

    def outcome(self, session_id: str, key: ItemKey) -> Outcome | None:
        """The recorded outcome of one item in a session, or None."""
        values = {"session_id": session_id, "content_type": key.type, "source_id": key.id}
        row = self._file.row("select_outcome", values)
        return None if row is None else row["outcome"]

    def begun(self, session_id: str, key: ItemKey) -> bool:
        """Whether the session has begun to create the item itself (not a part of it) and was not refused."""
        values = {"session_id": session_id, "content_type": key.type, "source_id": key.id}
        return self._file.row("select_begun", values) is not None

    def open_intents(self, session_id: str | None = None) -> list[OpenIntent]:
        """Open creates, oldest first: of one session or of all."""
        return [open_intent_of(row) for row in self._file.rows("select_open_intents", {"session_id": session_id})]

    def open_intents_of_route(self, route: MappingRoute) -> list[OpenIntent]:
        """Open creates of all sessions between these two instances, oldest first."""
        return [
            open_intent_of(row)
            for row in self._file.rows("select_open_intents_of_route", msgspec.structs.asdict(route))
        ]

    def last_open_try(self, route: MappingRoute, intent: Intent) -> str | None:
        """When the last open create of an item, or of a part of it, was recorded; None without one."""
        mapped_type, mapped_id = intent.mapped_by
        values = {**item_values(route, intent.key), "mapped_type": mapped_type, "mapped_id": mapped_id}
        row = self._file.row("select_open_tries", values)
        return None if row is None else row["opened_at"]

    def repeated_intents(self, session_id: str) -> list[RepeatedIntent]:
        """The objects for which a session sent a create while an earlier create was open."""
        rows = self._file.rows("select_repeated_intents", {"session_id": session_id})
        return [RepeatedIntent(intent_of(row), row["destination_id"], row["first"], row["last"]) for row in rows]

    def in_doubt(self, route: MappingRoute, key: ItemKey, *, parts: bool) -> bool:
        """Whether the item, or (``parts``) one of its parts, has an open create."""
        return self._file.row("select_in_doubt", {**item_values(route, key), "parts": parts}) is not None

    def open_parts(self, route: MappingRoute, key: ItemKey) -> frozenset[tuple[str, str]]:
        """Type and source id of the parts of an item that have an open create."""
        rows = self._file.rows("select_open_parts", item_values(route, key))
        return frozenset((row["mapped_type"], row["mapped_id"]) for row in rows)

    def made(self, session_id: str) -> list[CreatedObject]:
        """The objects that a session has created: items, and parts of them."""
        rows = self._file.rows("select_made", {"session_id": session_id})
        return [
            CreatedObject(row["mapped_type"], row["destination_id"], row["mapped_id"], bool(row["is_part"]))
            for row in rows
        ]

    def specification(self, destination: str, looker_version: str) -> Specification | None:
        """The API specification of the destination's release; None if this version of lrestore has not read it."""
        values = {"destination": destination, "looker_version": looker_version}
        row = self._file.row("select_specification", values)
        if row is None or row["lrestore_version"] != __version__:
            return None
        try:
            return msgspec.json.decode(row["content"], type=Specification)
        except msgspec.MsgspecError:
            # A cache: an unreadable entry is requested again.
            return None

    def _session(self, row: sqlite3.Row) -> RestorationSession:
        """The session of a row. For a running or killed session the totals are counted from the results."""
        session = session_of(row)
        if session.status != "running":
            return session
        counts = Counter(self.outcomes(session.id).values())
        pending = max(0, session.totals.selected - counts.total())
        return msgspec.structs.replace(session, totals=Totals.of(counts, pending))


def _expect_sound(found: str, path: Path) -> None:
    if found != "ok":
        raise StateError(f"the copy of state file {path} is damaged: {found}")
