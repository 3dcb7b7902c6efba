"""Counts results as they arrive, and makes the report of them. No other module counts items."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

import msgspec

from lrestore.clock import stamp, utc_now
from lrestore.messages import Deletion, ItemKey, ItemResult, Outcome, Totals
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.schema import Operation
from lrestore.report.guards import Guards
from lrestore.report.item_list import ItemList
from lrestore.report.model import (
    Api,
    AppliedPlan,
    By,
    FailedItem,
    PlanCost,
    Report,
    ReportedDestination,
    ReportedSource,
    Sample,
    Throughput,
    Verify,
)
from lrestore.text.words import counted, shortened

_SESSION = frozenset({"login", "logout"})
_PLACES = {name: place for place, name in enumerate(CONTENT_TYPES)}
TIMELINE_POINTS = 600  # enough for a chart; beyond it every second point is dropped


class ReportHead(msgspec.Struct, frozen=True):
    """The facts about a run before its first result. ``started_at`` is given when a session is resumed."""

    session_id: str
    mode: str
    source: ReportedSource
    destination: ReportedDestination
    started_at: str = ""
    new_folder_access: str = "inherit"
    applies: AppliedPlan | None = None
    undoes: str = ""
    by: By = By()
    reason: str = ""
    copied_into: str = ""
    copied_before: tuple[str, ...] = ()
    address: str = ""
    """The address of the destination for users; set if items are copied into ``copied_into``."""


_NAMED = 20
"""Number of new folders in a warning; the items name all of them."""
_ACCESS = {
    "inherit": "the access of the folder above",
    "closed": "no access list: only administrators see them, until one of them grants access",
    "copy": "the access list of the source instance, as far as its groups and users exist",
}


class ReportBuilder:
    """Takes results in any order. A second result of an item replaces the first, as in the state file."""

    def __init__(
        self,
        head: ReportHead,
        *,
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        begun_s: float | None = None,
        listed: ItemList | None = None,
    ) -> None:
        """``begun_s``: when the run began, by ``monotonic``; by default it begins now."""
        self._head = msgspec.structs.replace(head, started_at=head.started_at or stamp(now()))
        self._now = now
        self._monotonic = monotonic
        self._begun_s = monotonic() if begun_s is None else begun_s
        self._listed = ItemList() if listed is None else listed
        self._expected: dict[ItemKey, ItemKey] = {}
        self._outcomes: dict[ItemKey, Outcome] = {}
        self._counts: dict[str, Counter[Outcome]] = {}
        self._failed: dict[ItemKey, FailedItem] = {}
        self._warnings: dict[str, None] = {}
        self._left_out: set[str] = set()
        self._enabled: set[ItemKey] = set()
        self.guards: Guards | None = None
        """The screen before the first write; None in runs that show none."""
        self._new_folders: dict[ItemKey, str] = {}
        self._timeline: list[Sample] = []
        self._refused: list[tuple[float, int]] = []
        self._earlier = 0
        self._before: set[ItemKey] = set()
        self._stopped_because = ""

    @property
    def totals(self) -> Totals:
        """The counts so far."""
        return Totals.of(sum(self._counts.values(), Counter()), self._pending().total())

    @property
    def warnings(self) -> tuple[str, ...]:
        """The warnings so far."""
        return tuple(self._warnings)

    def expect(self, keys: Iterable[ItemKey]) -> None:
        """Add items that are to be attempted: those without a result count as pending."""
        self._expected.update((key, key) for key in keys)

    def add(self, result: ItemResult) -> None:
        """Count a result. ValueError if a failed one has no dead letter, or another one has a dead letter."""
        if (result.outcome == "failed") != (result.dead_letter is not None):
            raise ValueError(f"{result.key}: a result has a dead letter if and only if its outcome is failed")
        if result.key in self._expected:
            # Of the texts of keys, one copy is enough.
            result = msgspec.structs.replace(result, key=self._expected[result.key])
        self._count(result)
        self._failed.pop(result.key, None)
        if result.dead_letter is not None:
            self._failed[result.key] = FailedItem.of(result.dead_letter)
        recorded = self._head.mode == "restore"
        self._listed.add(result, self._url(result), earlier=result.key in self._before, recorded=recorded)
        self._left_out.update(result.left_out)
        self._new_folders.pop(result.key, None)
        if result.key.type == "folder" and result.outcome == "created":
            self._new_folders[result.key] = result.name
        (self._enabled.add if result.enabled else self._enabled.discard)(result.key)
        for warning in result.warnings:
            self.warn(f"{result.key}: {warning}")

    def add_earlier(self, results: Iterable[ItemResult]) -> None:
        """Add results of the session before it was resumed: they count, but not for the throughput of this process."""
        for result in results:
            self._before.add(result.key)
            self.add(result)
        self._earlier = len(self._outcomes)

    def warn(self, text: str) -> None:
        """Add a warning; the same text is added once."""
        self._warnings[text] = None

    def sample(self, calls: int, limit: float | None) -> None:
        """Add a point of the timeline; call this about once per second."""
        self._timeline.append((round(self._elapsed_s(), 3), len(self._outcomes), calls, limit))
        if len(self._timeline) > TIMELINE_POINTS:
            self._timeline = self._timeline[::2]

    def note(self, sample: Sample) -> None:
        """Add a point of the timeline that was measured elsewhere."""
        self._timeline.append(sample)
        if len(self._timeline) > TIMELINE_POINTS:
            self._timeline = self._timeline[::2]

    def refused(self, points: Iterable[tuple[float, int]]) -> None:
        """When Looker refused calls for their rate: see :class:`~lrestore.report.model.Throughput`."""
        self._refused += points

    def stopped(self, reason: str) -> None:
        """Add why the run ends early: a warning, too."""
        self._stopped_because = reason
        self.warn(reason)

    def finish(
        self,
        api: Api,
        *,
        status: str = "finished",
        verify: Verify | None = None,
        plan: PlanCost | None = None,
    ) -> Report:
        """The report as of now; the builder can still be used."""
        duration_s = self._elapsed_s()
        return Report(
            session_id=self._head.session_id,
            mode=self._head.mode,
            status=status,
            started_at=self._head.started_at,
            ended_at=stamp(self._now()),
            duration_s=round(duration_s, 3),
            source=self._head.source,
            destination=self._head.destination,
            totals=self.totals,
            by_type=self._by_type(),
            api=api,
            throughput=self._throughput(duration_s, api.calls),
            warnings=(*self._warnings, *self._not_taken(), *self._seen_by()),
            dead_letters=tuple(_marked(self._failed, self._before)),
            verify=verify,
            plan=plan,
            items=self._listed.items,
            items_omitted=self._listed.omitted,
            enabled_plans=len(self._enabled),
            applies=self._head.applies,
            undoes=self._head.undoes,
            guards=self.guards,
            by=self._head.by,
            reason=self._head.reason,
            copied_into=self._head.copied_into,
            copied_before=self._head.copied_before,
            stopped_because=self._stopped_because,
        )

    def _pending(self) -> Counter[str]:
        """Items that were not attempted, by type."""
        return Counter(key.type for key in self._expected if key not in self._outcomes)

    def _by_type(self) -> dict[str, Totals]:
        pending = self._pending()
        names = sorted(dict.fromkeys((*self._counts, *pending)), key=_place)
        return {name: Totals.of(self._counts.get(name, {}), pending[name]) for name in names}

    def _not_taken(self) -> Iterator[str]:
        """Warn about fields that the destination does not accept: one line for all items of the run."""
        if self._left_out:
            named, release = ", ".join(sorted(self._left_out)), self._head.destination.looker_version or "there"
            yield f"Looker {release} does not know {named}: left out"

    def _seen_by(self) -> Iterator[str]:
        """Warn about the access of new folders, because backups hold no access lists."""
        folders = [f"{key} {name!r}" for key, name in self._new_folders.items()]
        if folders:
            verb = "would be created, with" if self._head.mode == "plan" else "created, with"
            access = _ACCESS[self._head.new_folder_access]
            named = shortened(folders, _NAMED, last=", and ")
            yield f"{counted(len(folders), 'folder')} {verb} {access} ([run] new_folder_access): {named}"

    def _elapsed_s(self) -> float:
        return self._monotonic() - self._begun_s

    def _count(self, result: ItemResult) -> None:
        counts = self._counts.setdefault(result.key.type, Counter())
        earlier = self._outcomes.get(result.key)
        if earlier is not None:
            counts[earlier] -= 1
        counts[result.outcome] += 1
        self._outcomes[result.key] = result.outcome

    def _url(self, result: ItemResult) -> str:
        """The address of a copy; "" where there is none."""
        if not (self._head.address and result.destination_id):
            return ""
        return f"{self._head.address}/{result.key.type}s/{result.destination_id}"

    def _throughput(self, duration_s: float, calls: int) -> Throughput:
        if duration_s <= 0:
            return Throughput(timeline=tuple(self._timeline), refused=tuple(self._refused))
        items = len(self._outcomes) - self._earlier
        return Throughput(
            round(items / duration_s, 3), round(calls / duration_s, 3), tuple(self._timeline), tuple(self._refused)
        )


def _marked(listed: Mapping[ItemKey, FailedItem], before: set[ItemKey]) -> Iterator[FailedItem]:
    """The failed items; those of an earlier start of the session are marked."""
    for key, one in listed.items():
        yield msgspec.structs.replace(one, earlier=True) if key in before else one


def plan_of(
    calls: Mapping[str, int], operations: Mapping[str, Operation], deletions: Iterable[Deletion] = ()
) -> PlanCost:
    """The totals of a plan: planned calls by operation id and by activity class, as in the ontology.

    A login is a POST but does not count as a write.
    """
    by_activity: Counter[str] = Counter()
    writes = 0
    for operation_id, count in calls.items():
        by_activity[operations[operation_id].activity] += count
        if operations[operation_id].method != "GET" and operation_id not in _SESSION:
            writes += count
    return PlanCost(
        calls=sum(calls.values()),
        writes=writes,
        deletions=sum(1 for _ in deletions),
        by_operation=dict(calls),
        by_activity=dict(by_activity),
    )


def _place(type_name: str) -> int:
    """Types in the order of the ontology, whatever their items were finished in; unknown ones last."""
    return _PLACES.get(type_name, len(_PLACES))
