"""Tells which objects an undo does not write: objects that are gone, that were changed since, or that must be kept.

No rule applies in a session that is not an undo.
"""

from __future__ import annotations

from lrestore.json_types import JsonObject
from lrestore.messages import CHANGED_SINCE, ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.restoration.changed_since import WrittenValues, changed_creation, changed_fields, edited_between
from lrestore.restoration.identify.match import Match
from lrestore.restoration.journal import Records
from lrestore.restoration.ports import Earlier, UndoneSession
from lrestore.restoration.writes import Plan, Write
from lrestore.text.words import shortened

_NAMED = 5
"""Number of changed fields in a reason."""


class UndoRules:
    """The rules for the items of one run. Each answer is a reason, "" where the rule does not apply."""

    def __init__(self, undone: UndoneSession | None, records: Records, earlier: Earlier) -> None:
        self._undone = undone
        self._records = records
        self._earlier = earlier

    def kept(self, key: ItemKey) -> str:
        """An object that the undone session made may stay."""
        if self._undone is None or self._undone.action(key) != "keep":
            return ""
        return f"session {self._undone.session_id} created it: kept"

    def restores_parts(self, key: ItemKey) -> bool:
        """Whether parts are put back: those of an object that the undone session made stay as they are."""
        return self._undone is None or self._undone.action(key) == "restore"

    def gone(self, key: ItemKey, match: Match) -> str:
        """The object of the copy is there no longer, and it was not the undone session that deleted it."""
        undone = self._undone
        if undone is None or (match.live is not None and match.how != "natural key"):
            return ""
        if undone.action(key) != "restore":
            return f"it was deleted after session {undone.session_id} had created it"
        if undone.force or (key.type, key.id) in WrittenValues(undone, key, {}).deleted:
            return ""
        return f"{CHANGED_SINCE} {undone.session_id}: it was deleted (--force creates it again)"

    def changed_since(self, key: ItemKey, copied: JsonObject, live: JsonObject, own: Write | None, parts: Plan) -> str:
        """The object was changed after the undone session wrote it. ``copied``: the object as the session found it.

        After a kill, or in a second undo, an object that is half undone is neither as the session left it nor as it
        was: then the writes of the undo so far count as well.
        """
        undone = self._undone
        if undone is None or undone.force:
            return ""
        live_id, born = str(live[CONTENT_TYPES[key.type].id_field]), live.get("created_at")
        restores = undone.action(key) == "restore"
        earlier = self._earlier.of(key, live_id, born) if restores else None
        if earlier is not None:
            found = edited_between(WrittenValues(earlier, ItemKey(key.type, live_id), earlier.copied), live, own, parts)
        elif self._records.kept(key, live_id, born):
            return ""
        elif restores:
            found = changed_fields(WrittenValues(undone, key, copied), live, own, parts)
        else:
            found = changed_creation(WrittenValues(undone, key, copied), live)
        if not found:
            return ""
        return f"{CHANGED_SINCE} {undone.session_id}: {shortened(found, _NAMED)} (--force overwrites it)"
