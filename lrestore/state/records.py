"""What the state file holds, as values: one Struct per table that people and other modules read."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Literal

import msgspec

from lrestore.messages import DeadLetter, Intent, Totals

SessionStatus = Literal["running", "finished", "stopped", "interrupted", "failed"]
"""``running`` with a dead process means killed. ``running``, ``stopped`` and ``interrupted`` can be resumed."""

UNDO = "undo"
"""The mode of a session that takes another one back. Its sources are ids of the destination itself."""

UNFINISHED: frozenset[SessionStatus] = frozenset({"running", "stopped", "interrupted"})

UndoKind = Literal["updated", "created", "deleted", "trashed"]


def new_session_id(moment: datetime) -> str:
    """An id that sorts by start and is unique enough to be typed: ``20261123-104500-ab12``."""
    return f"{moment.astimezone(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


class RestorationSession(msgspec.Struct, frozen=True, kw_only=True):
    """One run, and its resumptions. ``selection`` and ``settings`` are what ``--resume`` starts again with; no secrets.

    ``parent_id`` names the session that this one retries or undoes. The writer fills in an empty ``started_at``.
    """

    id: str
    mode: str
    source_instance: str
    source_paths: tuple[str, ...]
    destination: str
    source_fingerprint: str = ""
    base_url: str = ""
    user: str = ""
    looker_version: str = ""
    selection: dict[str, object] = {}
    settings: dict[str, object] = {}
    lrestore_version: str = ""
    pid: int = 0
    host: str = ""
    parent_id: str = ""
    status: SessionStatus = "running"
    started_at: str = ""
    ended_at: str = ""
    totals: Totals = Totals()

    @property
    def resumable(self) -> bool:
        return self.status in UNFINISHED


class RestorationCheckpoint(msgspec.Struct, frozen=True):
    """How far a session was at a moment."""

    session_id: str
    seq: int
    created_at: str
    totals: Totals


class DeadLetterItem(msgspec.Struct, frozen=True):
    """A dead letter as it lies in the state file. The backup's blob is read apart: it may be megabytes."""

    session_id: str
    letter: DeadLetter
    content_bytes: int = 0
    resolved_by: str = ""


class IDMapping(msgspec.Struct, frozen=True, kw_only=True):
    """Which live object of a destination a backed-up one of a source instance is. Imported ones have no session."""

    source_instance: str
    destination: str
    content_type: str
    source_id: str
    destination_id: str
    session_id: str = ""
    created_at: str = ""
    destination_created_at: str = ""
    natural_key: str = ""


class Route(msgspec.Struct, frozen=True):
    """Whose mappings are meant. ``former``: under which name the destination was recorded by older versions, if not
    under this one: such mappings are read, too.
    """

    source_instance: str
    destination: str
    former: str = ""


class OpenIntent(msgspec.Struct, frozen=True):
    """A create whose end is not known: to be looked for before anything is created again."""

    id: int
    session_id: str
    intent: Intent
    opened_at: str


class RepeatedIntent(msgspec.Struct, frozen=True):
    """An object for which more than one create was sent: ``destination_id`` is the one that is recorded.

    ``first`` and ``last``: when the first and the last of these creates were recorded.
    """

    intent: Intent
    destination_id: str
    first: str
    last: str


class Made(msgspec.Struct, frozen=True):
    """Something that a session has created. ``made_from``: the backup's id of it; ``part``: a part of an item."""

    type: str
    id: str
    made_from: str
    part: bool


class UndoRecord(msgspec.Struct, frozen=True):
    """Index entry for one line of a shard's ``undo_log``."""

    shard: str
    seq: int
    content_type: str
    destination_id: str
    kind: UndoKind
    created_at: str
