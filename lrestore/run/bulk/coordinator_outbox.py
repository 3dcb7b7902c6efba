"""Results of the coordinator itself: items that fail without a worker. The writer records them like all others."""

from __future__ import annotations

from collections.abc import Callable

from lrestore.messages import ItemResult
from lrestore.run.bulk.protocol import Own
from lrestore.run.bulk.sent_records import Unconfirmed
from lrestore.run.journal.records import Finished

COORDINATOR_NUMBER = 0
"""The worker number of the coordinator itself."""
_AT_ONCE = 16
"""Records that may be unconfirmed: far fewer than the channel to the writer holds, which prevents a deadlock."""


class CoordinatorOutbox:
    """Sends records and keeps them until they are confirmed; ``tell`` passes them to the writer."""

    def __init__(self, tell: Callable[[Own], None]) -> None:
        self._tell = tell
        self._unconfirmed = Unconfirmed(COORDINATOR_NUMBER)

    @property
    def pending(self) -> int:
        """The number of results that are not on disk yet."""
        return len(self._unconfirmed)

    @property
    def full(self) -> bool:
        """Whether to wait for the writer before recording more."""
        return len(self._unconfirmed) >= _AT_ONCE

    def record(self, result: ItemResult) -> None:
        """Send a result."""
        sent = self._unconfirmed.next(Finished(result))
        self._unconfirmed.keep(sent)
        self._tell(Own(sent))

    def confirm(self, number: int) -> None:
        """Everything up to that number is on disk."""
        self._unconfirmed.confirm(number)

    def resend(self) -> None:
        """Send everything unconfirmed again to a new writer."""
        for sent in self._unconfirmed.again():
            self._tell(Own(sent))
