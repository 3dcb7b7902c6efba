"""Tells which existing objects the user's choice leaves alone: changed since the backup, different, or in the trash.

Each answer is a reason for report and text, "" if the rule does not apply. Equal cases have equal reasons, so that they
are grouped. An undo has none of these rules.
"""

from __future__ import annotations

from lrestore.content.canonical import parse_moment
from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.restoration.policy import Policy
from lrestore.restoration.ports import Earlier

DIFFERS = "it exists and differs from the backup: left as it is (if_different = skip)"
IN_TRASH = "in the trash: left there (if_trashed = skip)"
CHANGED = "changed in Looker after it was backed up: left as it is (skip_if_modified)"
CHANGED_AND_TRASHED = (
    "in the trash, and changed in Looker after it was backed up, be it by the deletion: left there (skip_if_modified)"
)
TAKEN_OUT = "taken out of the trash: it was not changed after it was backed up (skip_if_modified)"


class LeftAlone:
    """The rules for one existing object."""

    def __init__(self, policy: Policy, earlier: Earlier, key: ItemKey, raw: JsonObject, live: JsonObject) -> None:
        self._policy = policy
        self._earlier = earlier
        self._key = key
        self._raw = raw
        self._live = live
        entry = CONTENT_TYPES[key.type]
        self._live_id = str(live[entry.id_field])
        self._trashed = entry.trash and live.get("deleted") is True and raw.get("deleted") is not True

    @property
    def begun(self) -> bool:
        """Whether lrestore itself has written the object: in this session, in a process that died since, or in the
        session whose dead letters are tried again. No rule applies to it then.
        """
        policy = self._policy
        if policy.if_different == "update" and policy.if_trashed == "restore" and not policy.skip_if_modified:
            return False
        return self._earlier.of(self._key, self._live_id, self._live.get("created_at")) is not None

    def unread(self) -> str:
        """The reason to leave the object alone that needs no comparison."""
        if self._trashed and self._policy.if_trashed == "skip":
            return IN_TRASH
        if self._policy.skip_if_modified and _modified_since(self._raw, self._live):
            return CHANGED_AND_TRASHED if self._trashed else CHANGED
        return ""

    def if_different(self) -> bool:
        """Whether the object is left alone if it differs: only what is lost comes back, from the trash too."""
        return self._policy.if_different == "skip" and not self._trashed

    def why_not(self) -> str:
        """Why an object is written although a rule was asked."""
        return TAKEN_OUT if self._policy.skip_if_modified and self._trashed else ""


def _modified_since(raw: JsonObject, live: JsonObject) -> bool:
    """Whether Looker changed the object after the state that was backed up; unknown counts as not."""
    ours, theirs = parse_moment(raw.get("updated_at")), parse_moment(live.get("updated_at"))
    return ours is not None and theirs is not None and theirs > ours
