"""Makes one backup file of the copies that a session took; an undo of that session restores from it.

    first copies, completed by later ones   ─► rows of the backup format
    objects that the session created        ─► rows that hold only the action of the undo
    writes of the session                   ─► table ``undo_left``, created objects ─► table ``undo_made``

The file is in the folder of the undoing session, so that the undone session's copies are no longer needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from lrestore.clock import stamp, utc_now
from lrestore.content.canonical import parse_moment
from lrestore.errors import StateError
from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey, Touch, UndoAction
from lrestore.ontology import CONTENT_TYPES, PARTS, fields
from lrestore.restoration.changed_since import live_part
from lrestore.restoration.name_swaps import UNIQUE
from lrestore.restoration.stand_in_names import generated_slug
from lrestore.run.request import CreatedObjects
from lrestore.state.copies import UndoCopies
from lrestore.state.read import StateReader
from lrestore.state.records import OpenIntent, RestorationSession
from lrestore.state.undo_log import UndoEntry, read_undo
from lrestore.state.undone import TABLES
from lrestore.text.storable import storable
from lrestore.text.words import shortened
from lrestore.vault.shard import ShardWriter

FILE = "undo-source.sqlite"
"""The name begins like those of the copies, so that pruning removes it with them."""
_NAMED = 5
"""Number of objects named in a warning."""


@dataclass(slots=True)
class _TakenNames:
    """Names that the copies take back: slugs, and names that must be unique (for folders: within their parent)."""

    slugs: set[tuple[str, str]] = field(default_factory=set)
    names: set[tuple[str, str, str]] = field(default_factory=set)

    def note(self, type_name: str, raw: Mapping[str, object]) -> None:
        """Record the names of one copy."""
        if raw.get("slug"):
            self.slugs.add((type_name, str(raw["slug"])))
        if type_name in UNIQUE:
            self.names.add((type_name, str(raw.get("parent_id") or ""), str(raw.get("name"))))


def write_source(
    target: Path,
    state: StateReader,
    session: RestorationSession,
    copies: Path,
    created: CreatedObjects,
    settle_s: float,
) -> None:
    """Write ``target`` from the session's ``copies``. ``settle_s``: how long a call may take effect after its caller
    has ended. Raises StateError if the copies are missing or cannot be read.
    """
    entries = read_undo(copies)
    made = state.made(session.id)
    items = {(one.type, one.id) for one in made if not one.part}
    items |= {
        (entry.type, entry.destination_id)
        for entry in entries
        if entry.operation == "created" and not entry.parent_type
    }
    if not entries and _has_written(state, session.id):
        raise StateError(
            f"the undo copies of session {session.id} are not in {copies}: they were removed",
            hint="copies are kept for [state] keep_undo_days",
        )
    target.unlink(missing_ok=True)
    with UndoCopies(copies) as shards, ShardWriter(target) as shard, shard.batch():
        for statement in TABLES:
            shard.execute(statement)
        source = _Source(shard, shards, session)
        for entry in entries:
            if (entry.type, entry.destination_id) not in items:
                source.put_copy(entry)
        named = {result.destination_id: result.name for result in state.results(session.id)}
        for type_name, live_id in sorted(items):
            source.put_made(ItemKey(type_name, live_id), named.get(live_id, ""), created)
        for row in shards.written():
            shard.execute("INSERT INTO undo_left VALUES (?, ?, ?, ?, ?, ?)", tuple(row))
        for warning in _unknown(entries, state, session, settle_s):
            shard.execute("INSERT INTO undo_warnings VALUES (?)", (warning,))
        for one in made:
            shard.execute("INSERT OR IGNORE INTO undo_made VALUES (?, ?, ?)", (one.type, one.id, one.made_from))


def action_for(type_name: str, created: CreatedObjects) -> UndoAction:
    """The action of an undo for an object that the undone session created."""
    if created == "delete":
        return "remove"
    if created == "trash" and CONTENT_TYPES[type_name].trash:
        return "trash"
    return "switch_off" if type_name == "scheduled_plan" else "keep"


def _unknown(
    entries: Sequence[UndoEntry], state: StateReader, session: RestorationSession, settle_s: float
) -> Iterator[str]:
    """Warnings about calls of the session whose effect is unknown."""
    for begun in state.open_intents(session.id):
        if not begun.intent.part:
            yield _open_create(begun, session.id)
    if late := _late_writes(entries, state, session, settle_s):
        yield late


def _open_create(row: OpenIntent, session_id: str) -> str:
    """The session ended between a create and its answer: only a search could tell whether the object is there."""
    key = row.intent.key
    return (
        f"session {session_id} ended while it created {key.type} {key.id} of the backup ({row.intent.natural_key}): if "
        "Looker has created it, it is not undone; to have it undone, resume the session first, then undo it"
    )


def _late_writes(entries: Sequence[UndoEntry], state: StateReader, session: RestorationSession, settle_s: float) -> str:
    """The warning about calls of a killed session that Looker may still carry out; "" if there is none. The undo can
    only put back what Looker shows.
    """
    if session.status != "running":
        return ""
    ended = {(result.key.type, result.destination_id) for result in state.results(session.id)}
    now = utc_now()
    until = {
        ItemKey(entry.type, entry.destination_id): moment + timedelta(seconds=settle_s)
        for entry in entries
        if (entry.type, entry.destination_id) not in ended and (moment := parse_moment(entry.at)) is not None
    }
    if not until or max(until.values()) <= now:
        return ""
    named = shortened([str(key) for key, end in until.items() if end > now], _NAMED)
    return (
        f"session {session.id} was killed while it wrote {named}: until {stamp(max(until.values()))} Looker may still "
        "carry out its last calls, which the undo does not see; check after that time with --undo "
        f"{session.id} --plan, and undo again if it shows differences"
    )


def _has_written(state: StateReader, session_id: str) -> bool:
    return any(outcome in ("created", "updated") for outcome in state.outcomes(session_id).values())


def complete_with_nulls(raw: JsonObject, type_name: str, written: Sequence[Touch]) -> None:
    """Make null what the copy lacks and the session set: a Looker that leaves nulls out showed no value there.

    If Looker does not show the field either after the write, nothing differs, and the undo does not write it.
    """
    for touch in written:
        holder = raw if touch.type == type_name else live_part(raw, touch.type, touch.id)
        if touch.operation != "update" or not isinstance(holder, dict):
            continue
        schema = CONTENT_TYPES[type_name].update_schema if touch.type == type_name else PARTS[touch.type].model
        for name in touch.fields.keys() & fields.writable(schema) if schema else ():
            holder.setdefault(name, None)


class _Source:
    """The file being written."""

    def __init__(self, shard: ShardWriter, shards: UndoCopies, session: RestorationSession) -> None:
        self._shard = shard
        self._shards = shards
        self._session = session
        self._names = _TakenNames()

    def put_copy(self, entry: UndoEntry) -> None:
        """The first copy of one object, as a row."""
        raw = self._shards.copy(entry)
        complete_with_nulls(raw, entry.type, self._shards.written_to(ItemKey(entry.type, entry.destination_id)))
        self._names.note(entry.type, raw)
        self._put(ItemKey(entry.type, entry.destination_id), raw, "restore", entry.at)

    def put_made(self, key: ItemKey, name: str, created: CreatedObjects) -> None:
        """A row for an object that the session created. If a copy takes its name back, the name is freed; a slug must
        be free in the trash too.
        """
        entry, action = CONTENT_TYPES[key.type], action_for(key.type, created)
        raw: JsonObject = {entry.id_field: key.id, entry.title_field: name or key.id}
        sent = self._shards.sent(key)
        if isinstance(sent.get("parent_id"), str):
            raw["parent_id"] = sent["parent_id"]
        if action == "trash":
            raw["deleted"] = True
        elif action == "switch_off":
            raw["enabled"] = False
        if (key.type, str(sent.get("slug"))) in self._names.slugs:
            raw["slug"] = generated_slug(key, raw)
        if (key.type, str(sent.get("parent_id") or ""), str(sent.get("name"))) in self._names.names:
            raw["name"] = f"{sent['name']} (made by session {self._session.id})"
            action = "rename" if action == "keep" else action
        self._put(key, raw, action, self._session.started_at)

    def _put(self, key: ItemKey, raw: JsonObject, action: UndoAction, at: str) -> None:
        title = raw.get(CONTENT_TYPES[key.type].title_field) or key.id
        self._shard.put(key.type, key.id, storable(str(title)), raw, synced_at=at)
        self._shard.execute("INSERT OR REPLACE INTO undo_items VALUES (?, ?, ?)", (key.type, key.id, action))
