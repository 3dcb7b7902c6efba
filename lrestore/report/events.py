"""The events of a run: for ``--events`` one JSON object per line, for ``progress=`` in Python the same as objects.

Promise: every event has ``version``, ``at`` and ``session_id``; within one version fields are added, never renamed.
Only the process of the command makes events, after the result that they tell is on disk. Not guaranteed: an event per
item if that process is killed in between; the state file has all results.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable

import msgspec

from lrestore.clock import stamp, utc_now
from lrestore.errors import LrestoreError
from lrestore.messages import FieldError, ItemResult, Outcome, Totals
from lrestore.report.model import FailedItem, Report, ReportedDestination, ReportedSource
from lrestore.report.progress import ProgressDisplay
from lrestore.report.speed import Standing
from lrestore.text.storable import to_json

VERSION = 1
"""Changes only if the meaning of a field changes."""

PROGRESS_EVERY_S = 1.0

log = logging.getLogger(__name__)


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event"):
    """The fields of all events. ``at`` is ISO 8601 in UTC; ``session_id`` is "" before there is a session."""

    version: int = VERSION
    at: str = ""
    session_id: str = ""


class SessionStarted(Event, frozen=True, kw_only=True, tag="session_started"):
    """The run begins with its items. ``done``: items that earlier starts of a resumed session have finished."""

    mode: str
    selected: int
    source: ReportedSource
    destination: ReportedDestination
    resumed: bool = False
    done: int = 0


class ItemFinished(Event, frozen=True, kw_only=True, tag="item_finished"):
    """An item has its result; with ``plan`` and ``verify``, the result that a restore would have."""

    type: str
    id: str
    name: str
    outcome: Outcome
    destination_id: str = ""
    reason: str = ""
    warnings: tuple[str, ...] = ()


class ItemFailed(Event, frozen=True, kw_only=True, tag="dead_letter"):
    """The dead letter of an item, right after its ``item_finished`` with the outcome ``failed``."""

    type: str
    id: str
    name: str
    error_type: str
    message: str
    status: int | None = None
    errors: tuple[FieldError, ...] = ()
    retries: int = 0
    failed_at: str = ""
    path: str = ""


class ProgressMade(Event, frozen=True, kw_only=True, tag="progress"):
    """Progress, once per second at most. ``ok``: items that equal the backup; ``limit``: allowed calls per second."""

    items: int
    total: int
    ok: int
    failed: int
    skipped: int
    calls: int
    limit: float | None = None
    in_flight: int = 0


class WarningGiven(Event, frozen=True, kw_only=True, tag="warning"):
    """A warning about the run, each text once. Warnings about an item are in its ``item_finished``."""

    text: str


class SessionEnded(Event, frozen=True, kw_only=True, tag="session_ended"):
    """The last event of a run. ``status`` as in the report; ``reason`` says why it did not finish."""

    status: str
    reason: str = ""
    totals: Totals = Totals()
    duration_s: float = 0.0
    calls: int = 0


AnyEvent = SessionStarted | ItemFinished | ItemFailed | ProgressMade | WarningGiven | SessionEnded
"""The type with which a line is decoded: ``msgspec.json.decode(line, type=AnyEvent)``."""

Receiver = Callable[[Event], object]


def event_line(event: Event) -> bytes:
    """The event as a line of ``--events``."""
    return to_json(event).encode("utf-8") + b"\n"


class Announcer:
    """Makes the events of one run and hands them to each receiver. A receiver that raises gets no further event; the
    error is logged once, and the run goes on.
    """

    def __init__(self, receivers: Iterable[Receiver] = ()) -> None:
        self._receivers = list(receivers)
        self._session_id = ""
        self.mode = ""
        """Replaces the mode of the run, if it is not empty: a rehearsal restores."""
        self._given: set[str] = set()
        self._last: AnyEvent | None = None
        # Warnings may be logged by threads that read ahead.
        self._lock = threading.RLock()

    @property
    def idle(self) -> bool:
        """Whether no receiver is left: events need not be made."""
        return not self._receivers

    def started(self, event: SessionStarted) -> None:
        """The session has begun; its id is that of all events from now on."""
        self._session_id = event.session_id
        self._tell(msgspec.structs.replace(event, mode=self.mode or event.mode))

    def finished(self, result: ItemResult) -> None:
        """An item has its result."""
        if self.idle:
            return
        letter = None if result.dead_letter is None else FailedItem.of(result.dead_letter)
        self.settled(item_finished(result), letter)

    def settled(self, event: ItemFinished, letter: FailedItem | None) -> None:
        """The same for a result of another process."""
        self._given.update(f"{event.type}={event.id}: {warning}" for warning in event.warnings)
        self._tell(event)
        if letter is not None:
            self._tell(msgspec.convert(letter, ItemFailed, from_attributes=True))

    def progress(self, standing: Standing, total: int) -> None:
        """Items and calls so far."""
        if self.idle:
            return
        counts = {name: getattr(standing, name) for name in _COUNTS}
        self._tell(ProgressMade(total=total, **counts))

    def warning(self, text: str) -> None:
        """A warning about the run. The same text is passed on once."""
        with self._lock:
            known = text in self._given
            self._given.add(text)
        if not known:
            self._tell(WarningGiven(text=text))

    def ended(self, report: Report) -> None:
        """The run has ended with this report. Warnings that only the report has are passed on before."""
        for text in report.warnings:
            self.warning(text)
        self._session_id = report.session_id
        self._end(
            SessionEnded(
                status=report.status, totals=report.totals, duration_s=report.duration_s, calls=report.api.calls
            )
        )

    def broke_off(self, status: str, reason: str) -> None:
        """The run has ended without a report."""
        self._end(SessionEnded(status=status, reason=reason))

    def _end(self, event: SessionEnded) -> None:
        if not isinstance(self._last, SessionEnded):
            self._tell(event)

    def _tell(self, event: AnyEvent) -> None:
        with self._lock:
            self._last = event
            named = msgspec.structs.replace(event, at=stamp(utc_now()), session_id=self._session_id)
            for receiver in list(self._receivers):
                self._hand(receiver, named)

    def _hand(self, receiver: Receiver, event: Event) -> None:
        try:
            receiver(event)
        except Exception as error:  # noqa: BLE001 (events are informational: an error there must not end a run)
            self._receivers.remove(receiver)
            text = str(error) if isinstance(error, LrestoreError) else f"{type(error).__name__}: {error}"
            log.warning("no further events are passed on: %s", text)


_COUNTS = ("items", "ok", "failed", "skipped", "calls", "limit", "in_flight")


def item_finished(result: ItemResult) -> ItemFinished:
    """The event of a result."""
    return ItemFinished(
        type=result.key.type,
        id=result.key.id,
        name=result.name,
        outcome=result.outcome,
        destination_id=result.destination_id,
        reason=result.reason,
        warnings=result.warnings,
    )


class Announced:
    """A display of progress that announces it, too, at most once per second and at the end."""

    def __init__(
        self, progress: ProgressDisplay, announcer: Announcer, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._progress = progress
        self._announcer = announcer
        self._monotonic = monotonic
        self._total = 0
        self._next_s = 0.0
        self._untold: Standing | None = None

    def begin(self, total: int) -> None:
        self._total = total
        self._progress.begin(total)

    def show(self, standing: Standing) -> None:
        self._untold = standing
        if self._monotonic() >= self._next_s:
            self._next_s = self._monotonic() + PROGRESS_EVERY_S
            self._tell()
        self._progress.show(standing)

    def say(self, text: str) -> None:
        self._progress.say(text)

    def end(self) -> None:
        self._tell()
        self._progress.end()

    def _tell(self) -> None:
        if self._untold is not None:
            self._announcer.progress(self._untold, self._total)
            self._untold = None
