"""What the processes of a run say to each other. The whole protocol can be read here.

    coordinator ── Tasks, Ack, Resend, Finish ──► worker      one channel per worker, both ways
    coordinator ◄── Started, Standing, GaveUp ───── worker
    worker ────────── Sent ─────────────────────► writer      one pipe for all, one atomic write per message
    coordinator ◄── Committed, WriterFailed ───── writer
    coordinator ── Own, End ────────────────────► writer

Everything a worker sends to the writer has a number. The writer says what is committed, the coordinator passes that on,
and until then the worker keeps the message: a writer that dies is replaced, and everything unconfirmed is sent again.
All of it may arrive twice and is recorded once.
"""

from __future__ import annotations

import msgspec

from lrestore.looker.meter import ApiUsage
from lrestore.messages import ItemKey, ItemResult, Outcome
from lrestore.run.journal.records import Record
from lrestore.state.records import SessionStatus


class Stored(msgspec.Struct, frozen=True, tag="stored"):
    """A record too large for the pipe: it lies in the worker's outbox, under its number.

    ``path`` is in the file system's own bytes, which need not be text.
    """

    path: bytes


class Sent(msgspec.Struct, frozen=True):
    """One message on the shared pipe. ``number`` counts up per worker; ``first`` is the first unconfirmed one.

    A writer takes only the number that comes next, so that what it confirms has no gap. A new writer begins with
    ``first``, and leaves what comes too early: all of it is sent again.
    """

    worker: int
    number: int
    first: int
    record: Record | Stored


class Settled(msgspec.Struct, frozen=True):
    """An item whose result is on disk. ``missing``: it failed, and the destination has no such object either.

    ``half``: what worker ``by`` has done of it so far, and it is to be given out once more; nothing is settled then but
    what others need of it.
    """

    key: ItemKey
    outcome: Outcome
    missing: bool = False
    reason: str = ""
    half: ItemResult | None = None
    by: int = 0


class Committed(msgspec.Struct, frozen=True, tag="committed"):
    """What is on disk now: the highest number per worker, and the items that ended."""

    numbers: dict[int, int]
    settled: tuple[Settled, ...] = ()
    warnings: tuple[str, ...] = ()


class WriterFailed(msgspec.Struct, frozen=True, tag="writer_failed"):
    """The state file cannot be written: the run must stop. ``lost``: it is another one by now, or gone."""

    reason: str
    lost: bool = False


class Task(msgspec.Struct, frozen=True):
    """One item to be restored. ``note`` is added to the message if its dependencies fail it (a circle, say).

    ``again``: it was in the hands of a process that ended, and may be done in part or in whole; ``died``: that was one
    of this start. ``awaited``: what it refers to and is still to come. ``half``: what has been done of it before others
    were there.
    """

    key: ItemKey
    note: str = ""
    again: bool = False
    died: bool = False
    awaited: tuple[ItemKey, ...] = ()
    half: ItemResult | None = None


class Tasks(msgspec.Struct, frozen=True, tag="tasks"):
    """Work."""

    tasks: tuple[Task, ...]


class Ack(msgspec.Struct, frozen=True, tag="ack"):
    """The writer has committed all of this worker's messages up to ``number``."""

    number: int


class Resend(msgspec.Struct, frozen=True, tag="resend"):
    """There is a new writer: send everything that is not confirmed once more."""


class Finish(msgspec.Struct, frozen=True, tag="finish"):
    """No more work: end what has been begun, wait for its confirmation, leave. ``hurry``: do not wait for
    better times.
    """

    hurry: bool = False


ToWorker = Tasks | Ack | Resend | Finish


class Started(msgspec.Struct, frozen=True, tag="started"):
    """The worker has started."""


class Standing(msgspec.Struct, frozen=True, tag="standing"):
    """What the worker has used of the API so far."""

    usage: ApiUsage


class GaveUp(msgspec.Struct, frozen=True, tag="gave_up"):
    """The run cannot go on (the destination is gone, say): these items are neither done nor failed."""

    reason: str
    keys: tuple[ItemKey, ...]


class Own(msgspec.Struct, frozen=True, tag="own"):
    """A record of the coordinator's own, of which few at a time are unconfirmed. It does not take the pipe: full, and
    with its reader dead, that would hold up the one who can start another reader.
    """

    sent: Sent


class End(msgspec.Struct, frozen=True, tag="end"):
    """To the writer: all workers have ended; record how the session did, and leave. A finished one is marked as that by
    the coordinator, once it has told its report.
    """

    status: SessionStatus


FromWorker = Started | Standing | GaveUp
ToWriter = Own | End
FromWriter = Committed | WriterFailed
