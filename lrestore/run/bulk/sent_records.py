"""Records that a sender has numbered and the writer has not confirmed yet."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from lrestore.run.bulk.protocol import Sent
from lrestore.run.journal.records import JournalRecord


class Unconfirmed:
    """The records of one sender, in order. Not safe for threads: the sender's lock is around each call."""

    def __init__(self, worker: int) -> None:
        self._worker = worker
        self._sent: dict[int, Sent] = {}
        self.number = 0
        """The number of the last record."""
        self.confirmed = 0
        """Everything up to this number is on disk."""

    def __len__(self) -> int:
        return len(self._sent)

    def next(self, record: JournalRecord) -> Sent:
        """The message of the next record. It counts as sent once it is given to :meth:`keep`."""
        return Sent(self._worker, self.number + 1, self.confirmed + 1, record)

    def keep(self, sent: Sent) -> None:
        """Keep a message until it is confirmed."""
        self.number = sent.number
        self._sent[sent.number] = sent

    def confirm(self, number: int) -> None:
        """Forget the messages up to ``number``: the writer has committed them."""
        for done in range(self.confirmed + 1, number + 1):
            self._sent.pop(done, None)
        self.confirmed = max(self.confirmed, number)

    def again(self) -> Iterator[Sent]:
        """The messages for a new writer, in order."""
        for number in sorted(self._sent):
            yield msgspec.structs.replace(self._sent[number], first=self.confirmed + 1)
