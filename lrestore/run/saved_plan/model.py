"""A plan as data: the source of the printed plan, the content of the file, and the reference for ``--apply``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from lrestore.json_types import JsonObject
from lrestore.messages import Change, DeadLetter, Deletion, FieldError, ItemKey, ItemResult, Outcome, Totals

SCHEMA = 1
"""Version of the file's format. A reader refuses newer ones."""

KIND = "lrestore plan"

Action = Literal["create", "update", "unchanged", "skip", "fail"]

ACTION_OF: dict[Outcome, Action] = {
    "created": "create",
    "updated": "update",
    "unchanged": "unchanged",
    "skipped": "skip",
    "failed": "fail",
}
OUTCOME_OF: dict[Action, Outcome] = {action: outcome for outcome, action in ACTION_OF.items()}


class PlannedWrite(msgspec.Struct, frozen=True, omit_defaults=True):
    """One create (``live_id`` is "") or update.

    ``path`` holds the parameters of the operation's path, ``part`` the place in the backed-up item. An object that the
    plan makes has no id yet: it is called ``new TYPE ID``, with its id in the backup.
    """

    operation: str
    type: str
    source_id: str
    live_id: str = ""
    part: str = ""
    name: str = ""
    path: dict[str, str] = {}
    body: JsonObject = {}
    changes: tuple[Change, ...] = ()


class PlannedDeletion(msgspec.Struct, frozen=True):
    """One delete: of a live part that the backup lacks, or, in an undo, of the object itself."""

    operation: str
    type: str
    id: str
    name: str

    @property
    def deletion(self) -> Deletion:
        return Deletion(self.type, self.id, self.name)


class PlannedError(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why an item cannot be restored."""

    error_type: str
    message: str
    status: int | None = None
    errors: tuple[FieldError, ...] = ()
    path: str = ""
    missing: bool = False


class Observed(msgspec.Struct, frozen=True):
    """The live object when the plan was made. ``fields``: a short digest of each compared field, by its path."""

    digest: str
    fields: dict[str, str]


class PlannedItem(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The plan for one item.

    ``writes`` are in the order in which they are made; deletions come last. ``later`` are writes that are made only if
    Looker has not done the same by itself: positions of new tiles, orders with new parts, and the parts of an object in
    the trash, which are compared when it is out. ``first`` are the writes of the first pass, for an item that refers to
    items which the same plan creates later. ``without`` are the paths of missing references: the item is restored
    without them. ``only_copied``: nothing is written to it, but an undo keeps a copy of it.
    """

    type: str
    id: str
    name: str = ""
    action: Action
    destination_id: str = ""
    reason: str = ""
    live: Observed | None = None
    writes: tuple[PlannedWrite, ...] = ()
    deletions: tuple[PlannedDeletion, ...] = ()
    later: tuple[PlannedWrite, ...] = ()
    first: tuple[PlannedWrite, ...] = ()
    without: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    error: PlannedError | None = None
    only_copied: bool = False

    @property
    def key(self) -> ItemKey:
        return ItemKey(self.type, self.id)

    @property
    def takes_part(self) -> bool:
        """Whether the item is read again and processed when the plan is applied."""
        return self.action in ("create", "update") or self.only_copied

    @property
    def removes(self) -> bool:
        """Whether the object itself is deleted: an undo may do that with what the undone session created."""
        return any((one.type, one.id) == (self.type, self.destination_id) for one in self.deletions)

    def result(self) -> ItemResult:
        """The item in the form of a result; nothing was done. Not for a failed item."""
        return ItemResult(
            key=self.key,
            name=self.name,
            outcome=OUTCOME_OF[self.action],
            destination_id=self.destination_id,
            reason=self.reason,
            changes=tuple(change for write in self.writes for change in write.changes),
            deletions=tuple(one.deletion for one in self.deletions),
            warnings=self.warnings,
            left_out=self.left_out,
        )

    def without_writing(self, at: str) -> ItemResult:
        """The result of an item that the plan does not write. ``at``: when the plan was made."""
        if self.error is None:
            reason = self.reason or ("" if self.action == "unchanged" else "skipped by the plan")
            return msgspec.structs.replace(self.result(), reason=reason, changes=(), deletions=(), warnings=())
        failure = self.error
        letter = DeadLetter(
            type=self.type,
            id=self.id,
            name=self.name,
            error_type=failure.error_type,
            message=f"{failure.message} (found when the plan was made)",
            failed_at=at,
            status=failure.status,
            errors=failure.errors,
            path=failure.path,
        )
        return ItemResult(
            self.key, self.name, "failed", reason=letter.message, dead_letter=letter, missing=failure.missing
        )


class PlanSource(msgspec.Struct, frozen=True):
    """The backup. ``fingerprint`` is the one by which ``--resume`` knows it."""

    instance: str
    paths: tuple[str, ...]
    fingerprint: str


class PlanDestination(msgspec.Struct, frozen=True):
    """The destination, and the user whose credentials read it."""

    name: str
    base_url: str
    looker_version: str
    user_id: str
    user: str


class SavedPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A complete plan. ``request`` is the selection, ``settings`` are the keys of ``[run]`` that affect the writes.

    ``renames`` are made before the first item: temporary names for objects that hold the name of another item.
    """

    made_at: str
    lrestore_version: str
    source: PlanSource
    destination: PlanDestination
    request: JsonObject
    settings: JsonObject
    totals: Totals
    warnings: tuple[str, ...] = ()
    renames: tuple[PlannedWrite, ...] = ()
    items: tuple[PlannedItem, ...] = ()

    def to_write(self) -> Iterator[PlannedItem]:
        """The items that are to be written, in their order."""
        return (item for item in self.items if item.takes_part)

    def not_written(self) -> Iterator[ItemResult]:
        """The results of all other items."""
        return (item.without_writing(self.made_at) for item in self.items if not item.takes_part)
