"""Values that are passed between processes, into the state file and into the report.

All are frozen msgspec Structs, so that one codec serves pipe, SQLite and JSON. This module does not know how they are
transported. The vocabulary is the same in code, state file, report and output: an item is *created*, *updated*,
*unchanged*, *skipped* or *failed*; a failed item has a *dead letter*; a *mapping* maps a backed-up object to a live
one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, Self

import msgspec

Outcome = Literal["created", "updated", "unchanged", "skipped", "failed"]
OUTCOMES: tuple[Outcome, ...] = ("created", "updated", "unchanged", "skipped", "failed")


class ItemKey(msgspec.Struct, frozen=True, order=True, gc=False):
    """A backed-up object: content type (the ontology's name, such as ``dashboard``) and its id in the source."""

    type: str
    id: str

    def __str__(self) -> str:
        return f"{self.type}={self.id}"


class FieldError(msgspec.Struct, frozen=True, omit_defaults=False):
    """One entry of Looker's ``ValidationError.errors``."""

    field: str = ""
    code: str = ""
    message: str = ""


class Proof(msgspec.Struct, frozen=True):
    """The state of a live object when it was recorded, so that a mapping can be proved later.

    ``created_at`` as Looker returned it, "" if the type has none. ``key``: the natural key, as a JSON object of texts.
    """

    created_at: str = ""
    key: str = ""


UNPROVED = Proof()


class ObjectMapping(msgspec.Struct, frozen=True):
    """Maps a backed-up object, or a part of one such as ``dashboard_element``, to a live object."""

    type: str
    source_id: str
    destination_id: str
    proof: Proof = UNPROVED


class Recorded(msgspec.Struct, frozen=True):
    """A mapping recorded at the time ``at``. ``sure``: this run has recorded it, so it needs no proof."""

    destination_id: str
    proof: Proof = UNPROVED
    at: str = ""
    sure: bool = False


MappingOf = Callable[[str, str], Recorded | None]
"""Returns the recorded mapping of a backed-up object, by type and id."""


class FailedRequest(msgspec.Struct, frozen=True):
    """The API call that failed: operation id of the specification, verb, path, and the body as JSON text."""

    operation: str = ""
    method: str = ""
    path: str = ""
    body: str = ""


class DeadLetter(msgspec.Struct, frozen=True):
    """All facts about an item that could not be restored. ``failed_at`` is ISO 8601, UTC."""

    type: str
    id: str
    name: str
    error_type: str
    message: str
    failed_at: str
    status: int | None = None
    errors: tuple[FieldError, ...] = ()
    retries: int = 0
    path: str = ""
    stack_trace: str = ""
    request: FailedRequest | None = None
    answer: str = ""


class Change(msgspec.Struct, frozen=True):
    """One field of a live object that differs from the backup; ``old`` is the live value, ``new`` the value of the
    backup.
    """

    path: str
    old: object = None
    new: object = None


class Deletion(msgspec.Struct, frozen=True):
    """One live object that the backup lacks, and that is or would be deleted."""

    type: str
    id: str
    name: str


class LiveFacts(msgspec.Struct, frozen=True):
    """When and by whom a live object was last changed and deleted; None: Looker does not show it. Times are ISO 8601 in
    UTC; users are names, or ``user 12`` if the name is not known.
    """

    updated_at: str | None = None
    updated_by: str | None = None
    deleted_at: str | None = None
    deleted_by: str | None = None
    updated_by_id: str | None = None
    deleted_by_id: str | None = None


TO_BE_MADE = msgspec.msgpack.Ext(1, b"")
"""Stands in a note for the id of something that the same restore makes."""


CHANGED_SINCE = "changed since session"
"""How the reason begins why an undo leaves an object alone."""


class Touch(msgspec.Struct, frozen=True):
    """One write of a session to an object or a part of one, as an undo needs it.

    ``id`` is the live id; of a part that is to be made, the id that the backup has for it. ``fields``: the values that
    were sent, or that Looker made of them, by name; a list that belongs to the object (its groups, say) is whole.
    """

    type: str
    id: str
    operation: Literal["update", "create", "delete"]
    fields: dict[str, object] = {}


UndoAction = Literal["restore", "rename", "trash", "switch_off", "keep", "remove"]
"""The action of an undo for one object: restore the copy; or, for an object that the undone session created: free its
name, move it to the trash, switch it off, keep it, delete it.
"""


class ItemResult(msgspec.Struct, frozen=True):
    """The result of one item. ``missing``: the destination has no such object (failed items only).

    ``incomplete``: a failed item that is restored without some of its references.
    ``left_out``: fields that the backup holds and the destination does not accept, reported once for the whole run.
    ``enabled``: the item is a scheduled plan that was written and is switched on now. ``live``: facts about a live
    object that differs, or that is left as it is, before anything was written.
    """

    key: ItemKey
    name: str
    outcome: Outcome
    destination_id: str = ""
    reason: str = ""
    changes: tuple[Change, ...] = ()
    deletions: tuple[Deletion, ...] = ()
    mappings: tuple[ObjectMapping, ...] = ()
    warnings: tuple[str, ...] = ()
    dead_letter: DeadLetter | None = None
    missing: bool = False
    incomplete: bool = False
    left_out: tuple[str, ...] = ()
    enabled: bool = False
    live: LiveFacts | None = None


class Intent(msgspec.Struct, frozen=True):
    """Recorded before an object is created, so that after a lost answer the object is looked for first.

    ``part`` names a part of the item (``dashboard_element/12``), empty for the item itself; ``natural_key`` is the key
    to look for; ``parent_id`` the live parent of a part. ``opened_at`` (ISO 8601, UTC) distinguishes several tries for
    one object; empty: the time at which it is recorded.
    """

    key: ItemKey
    part: str = ""
    natural_key: str = ""
    parent_id: str = ""
    opened_at: str = ""

    @property
    def mapped_by(self) -> tuple[str, str]:
        """Type and source id whose mapping ends this intent: the part's (``dashboard_element/12``) or the item's."""
        if not self.part:
            return self.key.type, self.key.id
        part_type, _, part_id = self.part.partition("/")
        return part_type, part_id


class Totals(msgspec.Struct, frozen=True):
    """Items by outcome. ``selected`` must be their sum, otherwise ValueError.

    ``pending`` items were not attempted, because the run stopped before.
    """

    selected: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0
    pending: int = 0

    def __post_init__(self) -> None:
        if self.selected != self.attempted + self.pending:
            raise ValueError(f"totals do not add up: {msgspec.structs.asdict(self)}")

    @classmethod
    def of(cls, counts: Mapping[Outcome, int], pending: int = 0) -> Self:
        """Totals of counts per outcome; missing outcomes count 0."""
        by_outcome = {str(outcome): items for outcome, items in counts.items()}
        return cls(selected=sum(counts.values()) + pending, pending=pending, **by_outcome)

    @property
    def succeeded(self) -> int:
        """Items that are as the backup has them."""
        return self.created + self.updated + self.unchanged

    @property
    def attempted(self) -> int:
        """Items that have an outcome."""
        return self.succeeded + self.skipped + self.failed
