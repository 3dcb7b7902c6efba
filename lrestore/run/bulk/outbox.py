"""Records that a worker has sent to the writer and the writer has not confirmed yet."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from lrestore.errors import StoppedError
from lrestore.run.bulk.pipes import MessageTooLargeError, ResultWriter
from lrestore.run.bulk.protocol import Sent, Stored
from lrestore.run.journal.records import Record
from lrestore.state.overflow import Overflow
from lrestore.text.storable import to_msgpack

_LOOK_EVERY_S = 0.2


class Outbox:
    """Numbers records, sends them, and keeps them until they are confirmed. Threads of a worker share it.

    A record too large for the pipe is first stored in an SQLite file of the worker; the message carries its number.
    """

    def __init__(self, worker: int, pipe: ResultWriter, overflow: Path, gone: Callable[[], bool]) -> None:
        self._worker = worker
        self._pipe = pipe
        self._overflow = Overflow(overflow)
        self._gone = gone
        self._changed = threading.Condition()
        self._number = 0
        self._confirmed = 0
        self._kept: dict[int, Sent] = {}

    def send(self, record: Record) -> None:
        """Send a record; it is confirmed later. Blocks while the pipe is full, which slows down its producers."""
        with self._changed:
            number = self._number + 1
            sent = Sent(self._worker, number, self._confirmed + 1, record)
            try:
                self._pipe.send(sent)
            except MessageTooLargeError:
                self._overflow.put(number, to_msgpack(record))
                sent = msgspec.structs.replace(sent, record=Stored(os.fsencode(self._overflow.path)))
                self._pipe.send(sent)
            # Only now: the writer would wait forever for the number of a record that was never sent.
            self._number = number
            self._kept[number] = sent

    def settle(self) -> None:
        """Return when everything sent so far is on disk. Raises StoppedError if the coordinator has ended."""
        with self._changed:
            wanted = self._number
            while self._confirmed < wanted:
                if self._gone():
                    raise StoppedError("the coordinator has ended")
                self._changed.wait(_LOOK_EVERY_S)

    def confirm(self, number: int) -> None:
        """The writer has committed everything up to ``number``."""
        with self._changed:
            for done in range(self._confirmed + 1, number + 1):
                self._kept.pop(done, None)
            self._confirmed = max(self._confirmed, number)
            self._overflow.forget(self._confirmed)
            self._changed.notify_all()

    def resend(self) -> None:
        """Send everything unconfirmed again, in order, to a new writer."""
        with self._changed:
            for number in sorted(self._kept):
                self._pipe.send(msgspec.structs.replace(self._kept[number], first=self._confirmed + 1))

    @property
    def empty(self) -> bool:
        """Whether everything is confirmed."""
        with self._changed:
            return self._confirmed == self._number
