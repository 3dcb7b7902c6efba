"""The report. Scripts depend on its keys: add keys, but never rename one."""

from __future__ import annotations

import importlib

import msgspec

from lrestore.messages import Change, DeadLetter, Deletion, FieldError, ItemKey, LiveFacts, Outcome, Totals
from lrestore.report.guards import Guards
from lrestore.report.rehearsal import Rehearsal

SCHEMA = 1

Sample = tuple[float, int, int, float | None]
"""One point of the timeline: seconds since the start, items, calls, rate limit (None: none is set)."""


class ReportedSource(msgspec.Struct, frozen=True):
    """The backup. ``fingerprint`` is that of every copy of it. ``synced_to``: when its newest object was backed up;
    ``age`` and ``age_s`` are from then to the start of the run (None: unknown).
    """

    instance: str = ""
    paths: tuple[str, ...] = ()
    fingerprint: str = ""
    synced_to: str = ""
    age: str = ""
    age_s: float | None = None


class By(msgspec.Struct, frozen=True):
    """The caller of lrestore: the user in Looker, the user and host of the operating system, and the command without
    secrets. ``version`` is lrestore's.
    """

    looker_user: str = ""
    os_user: str = ""
    host: str = ""
    version: str = ""
    command: str = ""


class ReportedDestination(msgspec.Struct, frozen=True):
    name: str = ""
    base_url: str = ""
    looker_version: str = ""


class Api(msgspec.Struct, frozen=True):
    """Calls that were sent, including repeated ones. ``by_activity``: the classes by which Looker licenses them.
    ``latency_ms``: the mean time of an answer, refusals for the rate apart; ``latencies_ms``: the same by operation.
    """

    calls: int = 0
    by_operation: dict[str, int] = {}
    by_activity: dict[str, int] = {}
    retries: int = 0
    rate_limited: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    latency_ms: float = 0.0
    latencies_ms: dict[str, float] = {}

    @classmethod
    def of(cls, usage: object) -> Api:
        """Convert an object with these attributes, such as :class:`lrestore.looker.meter.ApiUsage`."""
        return msgspec.convert(usage, cls, from_attributes=True)


class Throughput(msgspec.Struct, frozen=True):
    """Averages, and points over time. ``refused``: seconds since the start, and calls that Looker had refused for their
    rate until then; a point where that changed.
    """

    items_per_s: float = 0.0
    calls_per_s: float = 0.0
    timeline: tuple[Sample, ...] = ()
    refused: tuple[tuple[float, int], ...] = ()


class FailedItem(msgspec.Struct, frozen=True):
    """A dead letter in the report; the state file has the rest (stack trace, request, content)."""

    type: str
    id: str
    name: str
    error_type: str
    status: int | None
    message: str
    errors: tuple[FieldError, ...]
    retries: int
    failed_at: str
    path: str = ""
    earlier: bool = False

    @classmethod
    def of(cls, letter: DeadLetter) -> FailedItem:
        return msgspec.convert(letter, cls, from_attributes=True)


class Item(msgspec.Struct, frozen=True):
    """One item of the report's list. ``earlier``: its result is of an earlier start of a resumed session. ``url``: the
    address of the copy, where items are copied beside the originals.
    """

    type: str
    id: str
    name: str
    outcome: Outcome
    destination_id: str = ""
    reason: str = ""
    changes: tuple[Change, ...] = ()
    deletions: tuple[Deletion, ...] = ()
    warnings: tuple[str, ...] = ()
    earlier: bool = False
    url: str = ""
    live: LiveFacts | None = None

    @property
    def key(self) -> ItemKey:
        return ItemKey(self.type, self.id)

    @property
    def removed(self) -> bool:
        """Whether the object itself was deleted: an undo does that with what the undone session created."""
        return any((gone.type, gone.id) == (self.type, self.destination_id) for gone in self.deletions)


class PlanCost(msgspec.Struct, frozen=True):
    """The cost of a restore. ``by_activity`` counts calls per ``x-looker-activity-type``, including reads.

    ``unproved_mappings``: recorded mappings of selected items that do not count, because the live object is gone or may
    be another one; they are among the report's warnings too.
    """

    calls: int
    writes: int
    deletions: int
    by_operation: dict[str, int]
    by_activity: dict[str, int]
    unproved_mappings: tuple[str, ...] = ()


class Difference(msgspec.Struct, frozen=True):
    """A live object that differs from the backup. ``missing``: there is no live object. ``lacks``: its references to
    objects that are not in the destination.
    """

    type: str
    id: str
    name: str
    destination_id: str = ""
    changes: tuple[Change, ...] = ()
    deletions: tuple[Deletion, ...] = ()
    missing: bool = False
    lacks: tuple[str, ...] = ()
    live: LiveFacts | None = None

    @property
    def trashed(self) -> bool:
        """Whether the live object is in the trash, and the backed-up one is not."""
        return any(change.path == "deleted" and change.new is False for change in self.changes)


class OnlyLive(msgspec.Struct, frozen=True):
    """A live object that the backup does not have."""

    type: str
    id: str
    name: str
    updated_at: str | None = None
    updated_by: str | None = None
    updated_by_id: str | None = None

    @property
    def facts(self) -> LiveFacts:
        return LiveFacts(self.updated_at, self.updated_by, updated_by_id=self.updated_by_id)


class Verify(msgspec.Struct, frozen=True):
    """The result of ``--verify``. ``ignored``: what ``[verify] ignore`` takes out of the differences, by object.
    ``only_live``: with ``--verify=both``; ``unlisted``: why live objects of a type could not be listed for it.
    """

    equal: int = 0
    different: tuple[Difference, ...] = ()
    ignored: tuple[Difference, ...] = ()
    only_live: tuple[OnlyLive, ...] = ()
    unlisted: dict[str, str] = {}

    @property
    def drifted(self) -> bool:
        """Whether the destination is not as the backup has it."""
        return bool(self.different or self.only_live)


class AppliedPlan(msgspec.Struct, frozen=True):
    """The saved plan that a session carries out: where it was read, and its digest."""

    file: str
    digest: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run. Totals and ``by_type`` must agree, and there must be as many dead letters as failed items: ValueError.

    ``items`` lists all items except plain unchanged ones; if they are more than 2,000, each is decoded when it is asked
    for. ``items_omitted`` of them are left out because there are too many; items with deletions are never left out.
    ``enabled_plans``: scheduled plans that were created or updated and are switched on. ``applies``: the saved plan
    that was carried out. ``guards``: the facts shown before the first write. ``by``: the caller of this start;
    ``reason``: the text of ``--reason``. ``copied_into``: the folder of the copies, where items are copied beside the
    originals; ``copied_before``: the sessions that made them, if this one completes them. ``rehearsal``: how it was
    rehearsed. ``undoes``: the session that an undo takes back. ``stopped_because``: why it ended early; ``warnings``
    have the same text.
    """

    schema: int = SCHEMA
    session_id: str
    mode: str
    status: str = "finished"
    started_at: str
    ended_at: str
    duration_s: float
    source: ReportedSource
    destination: ReportedDestination
    totals: Totals
    by_type: dict[str, Totals]
    api: Api
    throughput: Throughput
    warnings: tuple[str, ...]
    dead_letters: tuple[FailedItem, ...]
    verify: Verify | None = None
    plan: PlanCost | None = None
    items: tuple[Item, ...] = ()
    items_omitted: int = 0
    enabled_plans: int = 0
    applies: AppliedPlan | None = None
    guards: Guards | None = None
    by: By = By()
    reason: str = ""
    copied_into: str = ""
    copied_before: tuple[str, ...] = ()
    rehearsal: Rehearsal | None = None
    undoes: str = ""
    stopped_because: str = ""

    @property
    def entries(self) -> tuple[Item, ...] | tuple[Difference, ...]:
        """The objects to list: the differences of a verification alone, otherwise the items."""
        return self.verify.different if self.verify is not None and self.mode == "verify" else self.items

    @property
    def partial(self) -> int:
        """How many of the failed items are restored except for what is missing."""
        return sum(letter.error_type == "IncompleteError" for letter in self.dead_letters)

    def __post_init__(self) -> None:
        for name in Totals.__struct_fields__:
            if getattr(self.totals, name) != sum(getattr(totals, name) for totals in self.by_type.values()):
                raise ValueError(f"{name} by type does not add up to {getattr(self.totals, name)}")
        if len(self.dead_letters) != self.totals.failed:
            raise ValueError(f"{self.totals.failed} items failed, but there are {len(self.dead_letters)} dead letters")

    def _repr_html_(self) -> str:
        """The verdict and the totals, where a notebook shows a report."""
        # By name: the page is made from this module.
        page = importlib.import_module("lrestore.report.page.render")
        return str(page.totals_table(self))
