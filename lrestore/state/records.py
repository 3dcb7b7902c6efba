"""The content of the state file as values: one Struct per table that is read."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Literal

import msgspec

from lrestore.messages import DeadLetter, Intent, Totals

SessionStatus = Literal["running", "finished", "stopped", "interrupted", "failed"]
"""``running`` with a dead process means killed. ``running``, ``stopped`` and ``interrupted`` can be resumed."""

UNDO = "undo"
"""The mode of a session that undoes another one. Its source ids are ids of the destination itself."""

COPY = "copy"
"""The mode of a session that copies items beside the originals. Its source instance is a name of its own."""

UNFINISHED: frozenset[SessionStatus] = frozenset({"running", "stopped", "interrupted"})


def new_session_id(moment: datetime) -> str:
    """An id that sorts by start time and is short enough to type: ``20261123-104500-ab12``."""
    return f"{moment.astimezone(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


class RestorationSession(msgspec.Struct, frozen=True, kw_only=True):
    """One run, including its resumed starts. ``--resume`` uses ``selection`` and ``settings``; they hold no secrets.

    ``parent_id`` names the session that this one retries or undoes. The writer fills in an empty ``started_at``.
    ``os_user`` and ``command`` are of the first start, ``host`` of the last one; none holds a secret.
    ``backed_up_at`` is the time of the newest object of the backup.
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
    discarded_at: str = ""
    os_user: str = ""
    command: str = ""
    reason: str = ""
    backed_up_at: str = ""
    totals: Totals = Totals()

    @property
    def resumable(self) -> bool:
        return self.status in UNFINISHED and not self.discarded_at

    @property
    def state(self) -> str:
        """The status in the words of ``--show``."""
        return "discarded" if self.discarded_at else self.status


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How fast a destination answered a session: the time of an answer of a typical operation, and how many calls per
    second it admitted (0: it refused none for their rate). ``latencies_ms``: mean times of the operations that were
    called often. ``reached``: the calls per second with which a next session may begin; 0: no limit was needed.
    """

    calls: int
    latency_ms: float
    per_second: float = 0.0
    reached: float = 0.0
    session_id: str = ""
    looker_version: str = ""
    latencies_ms: dict[str, float] = {}


class RestorationCheckpoint(msgspec.Struct, frozen=True):
    """The totals of a session at a point in time."""

    session_id: str
    created_at: str
    totals: Totals


class DeadLetterItem(msgspec.Struct, frozen=True):
    """A dead letter in the state file. The item's content is read separately, because it may have megabytes."""

    session_id: str
    letter: DeadLetter
    content_bytes: int = 0
    resolved_by: str = ""


class IDMapping(msgspec.Struct, frozen=True, kw_only=True):
    """Maps a backed-up object of a source instance to a live object of a destination. Imported ones have no session.

    ``name``: that of the item in the session; "" for parts, and where it is not on record.
    """

    source_instance: str
    destination: str
    content_type: str
    source_id: str
    destination_id: str
    session_id: str = ""
    created_at: str = ""
    destination_created_at: str = ""
    natural_key: str = ""
    name: str = ""


class MappingRoute(msgspec.Struct, frozen=True):
    """The key of id mappings: source instance and destination. ``former``: the name under which older versions recorded
    the destination, if it differs; such mappings are read too.
    """

    source_instance: str
    destination: str
    former: str = ""


class OpenIntent(msgspec.Struct, frozen=True):
    """An open create: its object must be looked for before it is created again."""

    id: int
    session_id: str
    intent: Intent
    opened_at: str


class RepeatedIntent(msgspec.Struct, frozen=True):
    """An object for which more than one create was sent; ``destination_id`` is the recorded one.

    ``first`` and ``last``: when the first and the last of these creates were recorded.
    """

    intent: Intent
    destination_id: str
    first: str
    last: str


class CreatedObject(msgspec.Struct, frozen=True):
    """An object that a session has created. ``made_from``: its id in the backup; ``part``: it is a part of an item."""

    type: str
    id: str
    made_from: str
    part: bool
