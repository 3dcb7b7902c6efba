"""Records the writes of a restore for an undo.

The records tell which values an object may have because of this session. A value that is neither in the first copy nor
in a record was set by another person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from lrestore.json_types import JsonObject
from lrestore.messages import TO_BE_MADE, ItemKey, Touch
from lrestore.restoration.journal import Journal
from lrestore.restoration.writes import Plan, Write, with_live_ids

LISTS = frozenset({"group_user", "role_user", "group_group", "role_group"})
"""Writes that change a list of the item (a user's groups, say): their changes tell the list."""


def touches_of(own: Write | None, parts: Plan) -> tuple[Touch, ...]:
    """The notes for all writes that are planned for one item."""
    own_writes = [own] if own is not None else []
    if parts.provisional:
        parts = Plan()
    removals = (Touch(one.deletion.type, one.deletion.id, "delete") for one in parts.removals)
    return (*(touch for write in (*own_writes, *parts.writes) for touch in _touches(write)), *removals)


def _touches(write: Write) -> Iterator[Touch]:
    if write.type in ("query", "merge_query"):
        return
    if write.type in LISTS:
        lists = {change.path: change.new for change in write.changes}
        if lists:
            yield Touch(write.type, "", "update", lists)
        return
    if write.operation == "delete_user_credentials_email":
        yield Touch(write.type, write.live_id, "update", dict.fromkeys(write.body))
    elif write.creates:
        # An update of what the same restore creates comes later: before it, the fields have Looker's values.
        operation: Literal["update", "create"] = "update" if write.operation.startswith("update_") else "create"
        yield Touch(write.type, write.source_id, operation, _noted(write.body))
    else:
        yield Touch(write.type, write.live_id, "update", _noted(write.body))


def _noted(body: JsonObject) -> JsonObject:
    """``body`` with a mark in place of each id that is not known yet."""
    return with_live_ids(body, lambda one: TO_BE_MADE)


def note_answer(journal: Journal, owner: ItemKey, part: ItemKey, body: Mapping[str, object], answer: object) -> None:
    """Note the values that Looker stored in another form than they were sent in. ``owner``: type and live id of the
    item; ``part``: type and live id of what was written.
    """
    if not owner.id or not isinstance(answer, Mapping):
        return
    other = {name: answer[name] for name, value in body.items() if name in answer and _differs(value, answer[name])}
    if other:
        journal.answered(owner.type, owner.id, Touch(part.type, part.id, "update", other))


def _differs(sent: object, stored: object) -> bool:
    return type(sent) is not type(stored) or sent != stored
