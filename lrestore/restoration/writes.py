"""Planned API calls as data: ``--plan`` prints them, a restore carries them out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lrestore.content.diff import changes
from lrestore.errors import IncompleteError
from lrestore.json_types import JsonObject
from lrestore.messages import Change, Deletion, FieldError, ItemKey
from lrestore.text.words import shortened


@dataclass(frozen=True, slots=True)
class FutureId:
    """Placeholder in a body for the live id of an object that the same restore creates; replaced before sending."""

    type: str
    source_id: str

    @property
    def name(self) -> str:
        """Its name in plans and reports."""
        return f"new {self.type} {self.source_id}"


@dataclass(slots=True, kw_only=True)
class Write:
    """One create (``live_id`` is "") or update of an object or part.

    ``path`` is the place in the backed-up item, such as ``dashboard_elements[3]``; "" for the item itself.
    """

    operation: str
    type: str
    source_id: str
    live_id: str
    path: str
    name: str
    body: JsonObject
    changes: tuple[Change, ...] = ()

    @property
    def creates(self) -> bool:
        return not self.live_id


@dataclass(slots=True)
class Removal:
    """One delete of a live part that the backup lacks."""

    operation: str
    deletion: Deletion


@dataclass(frozen=True, slots=True)
class Unmet:
    """A part or field that is left out because its reference has no target.

    ``what`` is left out (``its tile 'Revenue'``), ``why`` names the missing object, ``path`` is the path in the item.
    ``unknown``: the meaning of the reference is not known, so that it cannot be compared either.
    """

    what: str
    why: str
    path: str
    hint: str = ""
    unknown: bool = False

    def __str__(self) -> str:
        return f"{self.what}: {self.why} ({self.path})"


@dataclass(slots=True)
class Plan:
    """All writes to the parts and memberships of one live object.

    If there are ``unmet`` references, the rest is restored, and the item becomes a dead letter all the same
    (IncompleteError).
    """

    writes: list[Write] = field(default_factory=list)
    removals: list[Removal] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    seen: JsonObject = field(default_factory=dict)
    """Facts that the live object itself does not show, such as the groups inside a group: kept with it for the undo."""
    unmet: list[Unmet] = field(default_factory=list)
    left_out: set[str] = field(default_factory=set)
    """Fields of its queries that the destination does not accept."""
    matched: dict[tuple[str, str], str] = field(default_factory=dict)
    """(Part type, source id) → live id of the parts that exist."""
    provisional: bool = False
    """The object is not there yet: its parts are planned anew when it is."""
    note: str = ""
    """A remark for the result of an item that is created."""
    unseen: Callable[[], Plan] | None = None
    """For an object in the trash, whose parts are compared when it is out: gives the writes that create all parts."""
    alerts: int = 0
    """The number of parts with live alerts that the backup lacks."""

    @property
    def empty(self) -> bool:
        return not self.writes and not self.removals

    @property
    def changes(self) -> tuple[Change, ...]:
        return tuple(change for write in self.writes for change in write.changes)

    def calls(self) -> Counter[str]:
        """The calls that carry it out, by operation, at most."""
        return Counter([write.operation for write in self.writes] + [removal.operation for removal in self.removals])

    @property
    def deletions(self) -> tuple[Deletion, ...]:
        return tuple(removal.deletion for removal in self.removals)


_NAMED = 3
"""Number of missing references in the message of a dead letter; its field errors name all."""


def incomplete(key: ItemKey, unmet: Sequence[Unmet], rest: str) -> IncompleteError:
    """The error of an item that is restored without some references. ``rest``: words about the rest of the item."""
    named = shortened(list(map(str, unmet)), _NAMED, separator="; without ", last="; and without ")
    return IncompleteError(
        f"{key} is restored without {named}; {rest}",
        hint="; ".join(dict.fromkeys(one.hint for one in unmet if one.hint)) or None,
        key=key,
        path=unmet[0].path,
        errors=tuple(FieldError(one.path, "missing", f"{one.what}: {one.why}") for one in unmet),
    )


def _filled(value: object, live: Callable[[FutureId], object]) -> object:
    """``value`` with every :class:`FutureId` in it replaced."""
    if isinstance(value, FutureId):
        return live(value)
    if isinstance(value, dict):
        return {name: _filled(entry, live) for name, entry in value.items()}
    if isinstance(value, list):
        return [_filled(entry, live) for entry in value]
    return value


def with_live_ids(body: JsonObject, live: Callable[[FutureId], object]) -> JsonObject:
    """``body`` with every :class:`FutureId` in it replaced."""
    return {name: _filled(entry, live) for name, entry in body.items()}


def named_changes(body: JsonObject, live: Mapping[str, object], prefix: str = "") -> tuple[Change, ...]:
    """The fields of ``body`` as changes old → new; an object that the same restore creates stands there by name."""
    return changes(with_live_ids(body, lambda one: one.name), live, prefix)


def writes_with_live_ids(writes: Iterable[Write], made: Mapping[tuple[str, str], str]) -> list[Write]:
    """The writes with every :class:`FutureId` replaced by the live id; one whose object was not made becomes None."""

    def live_id(one: FutureId) -> str | None:
        return made.get((one.type, one.source_id))

    return [replace(write, body=with_live_ids(write.body, live_id)) for write in writes]
