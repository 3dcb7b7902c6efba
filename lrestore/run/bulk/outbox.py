"""Records that a worker has sent to the writer and the writer has not confirmed yet."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from lrestore.errors import StoppedError
from lrestore.run.bulk.pipes import MessageTooLargeError, ResultWriter
from lrestore.run.bulk.protocol import Stored
from lrestore.run.bulk.sent_records import Unconfirmed
from lrestore.run.journal.records import JournalRecord
from lrestore.state.overflow import Overflow
from lrestore.text.storable import to_msgpack

_LOOK_EVERY_S = 0.2


class Outbox:
    """Sends records and keeps them until they are confirmed. Threads of a worker share it.

    A record too large for the pipe is first stored in an SQLite file of the worker; the message carries its number.
    """

    def __init__(self, worker: int, pipe: ResultWriter, overflow: Path, gone: Callable[[], bool]) -> None:
        self._pipe = pipe
        self._overflow = Overflow(overflow)
        self._gone = gone
        self._changed = threading.Condition()
        self._unconfirmed = Unconfirmed(worker)

    def send(self, record: JournalRecord) -> None:
        """Send a record; it is confirmed later. Blocks while the pipe is full, which slows down its producers."""
        with self._changed:
            sent = self._unconfirmed.next(record)
            try:
                self._pipe.send(sent)
            except MessageTooLargeError:
                self._overflow.put(sent.number, to_msgpack(record))
                sent = msgspec.structs.replace(sent, record=Stored(os.fsencode(self._overflow.path)))
                self._pipe.send(sent)
            # Only now: the writer would wait forever for the number of a record that was never sent.
            self._unconfirmed.keep(sent)

    def settle(self) -> None:
        """Return when everything sent so far is on disk. Raises StoppedError if the coordinator has ended."""
        with self._changed:
            wanted = self._unconfirmed.number
            while self._unconfirmed.confirmed < wanted:
                if self._gone():
                    raise StoppedError("the coordinator has ended")
                self._changed.wait(_LOOK_EVERY_S)

    def confirm(self, number: int) -> None:
        """The writer has committed everything up to ``number``."""
        with self._changed:
            self._unconfirmed.confirm(number)
            self._overflow.forget(self._unconfirmed.confirmed)
            self._changed.notify_all()

    def resend(self) -> None:
        """Send everything unconfirmed again, in order, to a new writer."""
        with self._changed:
            for sent in self._unconfirmed.again():
                self._pipe.send(sent)

    def close(self) -> None:
        """Close the file of large records."""
        with self._changed:
            self._overflow.close()

    @property
    def empty(self) -> bool:
        """Whether everything is confirmed."""
        with self._changed:
            return not len(self._unconfirmed)
