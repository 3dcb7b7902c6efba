"""Results of the coordinator itself: items that fail without a worker. The writer records them like all others."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from lrestore.messages import ItemResult
from lrestore.run.bulk.protocol import Own, Sent
from lrestore.run.journal.records import Finished

COORDINATOR = 0
"""The worker number of the coordinator itself."""
_AT_ONCE = 16
"""Records that may be unconfirmed: far fewer than the channel to the writer holds, which prevents a deadlock."""


class CoordinatorOutbox:
    """Numbers records and keeps them until they are confirmed; ``tell`` passes them to the writer."""

    def __init__(self, tell: Callable[[Own], None]) -> None:
        self._tell = tell
        self._kept: dict[int, Sent] = {}
        self._number = 0
        self._confirmed = 0

    @property
    def pending(self) -> int:
        """The number of results that are not on disk yet."""
        return len(self._kept)

    @property
    def full(self) -> bool:
        """Whether to wait for the writer before recording more."""
        return len(self._kept) >= _AT_ONCE

    def record(self, result: ItemResult) -> None:
        """Send a result."""
        self._number += 1
        self._kept[self._number] = Sent(COORDINATOR, self._number, self._confirmed + 1, Finished(result))
        self._tell(Own(self._kept[self._number]))

    def confirm(self, number: int) -> None:
        """Everything up to that number is on disk."""
        self._kept = {at: sent for at, sent in self._kept.items() if at > number}
        self._confirmed = max(self._confirmed, number)

    def resend(self) -> None:
        """Send everything unconfirmed again to a new writer."""
        for number in sorted(self._kept):
            self._tell(Own(msgspec.structs.replace(self._kept[number], first=self._confirmed + 1)))
