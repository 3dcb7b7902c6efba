"""The messages between the processes of a run: the whole protocol.

    coordinator ── Tasks, Ack, Resend, Finish ──► worker      one channel per worker, both ways
    coordinator ◄── Started, UsageReport, PageSizesReport, GaveUp ─ worker
    worker ────────── Sent ─────────────────────► writer      one pipe for all, one atomic write per message
    coordinator ◄── Committed, WriterFailed ───── writer
    coordinator ── Own, End ────────────────────► writer

Every message of a worker to the writer has a number. The writer reports what is committed, the coordinator passes this
on to the worker, and until then the worker keeps the message. If the writer dies, it is replaced, and everything
unconfirmed is sent again. A message may arrive twice and is recorded once.
"""

from __future__ import annotations

import msgspec

from lrestore.looker.meter import ApiUsage
from lrestore.messages import ItemKey, ItemResult, Outcome
from lrestore.report.events import ItemFinished
from lrestore.report.model import FailedItem
from lrestore.run.journal.records import JournalRecord
from lrestore.state.records import SessionStatus


class Stored(msgspec.Struct, frozen=True, tag="stored"):
    """A record too large for the pipe: it is in the worker's outbox file, under its number.

    ``path`` is in the file system's own bytes, which need not be valid text.
    """

    path: bytes


class Sent(msgspec.Struct, frozen=True):
    """One message on the shared pipe. ``number`` counts up per worker; ``first`` is the first unconfirmed one.

    A writer accepts only the next number of a worker, so that its confirmations have no gap. A new writer begins with
    ``first`` and ignores numbers that come too early: all of them are sent again.
    """

    worker: int
    number: int
    first: int
    record: JournalRecord | Stored


class Settled(msgspec.Struct, frozen=True):
    """An item whose result is on disk. ``missing``: it failed, and the destination has no such object either. ``event``
    and ``letter`` are what the run's events tell of it.

    ``first_pass``: the partial result of worker ``by``. The item is handed out once more, but items that need it may
    start.
    """

    key: ItemKey
    outcome: Outcome
    missing: bool = False
    reason: str = ""
    first_pass: ItemResult | None = None
    by: int = 0
    event: ItemFinished | None = None
    letter: FailedItem | None = None


class Committed(msgspec.Struct, frozen=True, tag="committed"):
    """The state on disk: the highest committed number per worker, and the items that ended."""

    numbers: dict[int, int]
    settled: tuple[Settled, ...] = ()
    warnings: tuple[str, ...] = ()


class WriterFailed(msgspec.Struct, frozen=True, tag="writer_failed"):
    """The state file cannot be written: the run must stop. ``lost``: it was replaced or removed."""

    reason: str
    lost: bool = False


class RestorationTask(msgspec.Struct, frozen=True):
    """One item to restore. ``note`` is added to the message if a dependency makes it fail (such as a circle).

    ``again``: a process that ended had it, so it may be partly or completely done. ``died``: that process belonged to
    this start. ``awaited``: items that it refers to and that are still to come. ``first_pass``: the result of its first
    pass.
    """

    key: ItemKey
    note: str = ""
    again: bool = False
    died: bool = False
    awaited: tuple[ItemKey, ...] = ()
    first_pass: ItemResult | None = None


class Tasks(msgspec.Struct, frozen=True, tag="tasks"):
    """Items to restore."""

    tasks: tuple[RestorationTask, ...]


class Ack(msgspec.Struct, frozen=True, tag="ack"):
    """The writer has committed all of this worker's messages up to ``number``."""

    number: int


class Resend(msgspec.Struct, frozen=True, tag="resend"):
    """The writer is a new one: send everything that is not confirmed again."""


class Finish(msgspec.Struct, frozen=True, tag="finish"):
    """No more work: finish the items in progress, wait for the confirmations, exit. ``hurry``: do not wait for the rate
    limit or an unreachable Looker.
    """

    hurry: bool = False


ToWorker = Tasks | Ack | Resend | Finish


class Started(msgspec.Struct, frozen=True, tag="started"):
    """The worker has started."""


class UsageReport(msgspec.Struct, frozen=True, tag="usage"):
    """The API usage of the worker so far."""

    usage: ApiUsage


class PageSizesReport(msgspec.Struct, frozen=True, tag="page_sizes"):
    """How many objects of each type the next search of the worker may ask for."""

    sizes: dict[str, int]


class GaveUp(msgspec.Struct, frozen=True, tag="gave_up"):
    """The run cannot continue (for example, the destination is unreachable): these items are neither
    done nor failed.
    """

    reason: str
    keys: tuple[ItemKey, ...]


class Own(msgspec.Struct, frozen=True, tag="own"):
    """A record of the coordinator itself. It does not use the pipe: if the pipe is full and its reader dead, the
    coordinator would block, and only the coordinator can start a new reader. Few are unconfirmed at a time.
    """

    sent: Sent


class End(msgspec.Struct, frozen=True, tag="end"):
    """To the writer: all workers have ended; record the status of the session and exit. The command marks a finished
    session itself, after its report.
    """

    status: SessionStatus


FromWorker = Started | UsageReport | PageSizesReport | GaveUp
ToWriter = Own | End
FromWriter = Committed | WriterFailed
