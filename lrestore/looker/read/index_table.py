"""The objects of one type in an index, and whether the index proves absence: see :mod:`lrestore.looker.read.index`."""

from __future__ import annotations

import itertools
import logging
import threading
from array import array
from bisect import bisect_left

from lrestore.looker.read.index_files import Claims, Snapshot

CONTROL_EVERY = 100
"""Of so many objects that the index lacks, one is looked for all the same."""
CONTROL_EVERY_BATCH = 10
"""Of so many searches of the trash that the index makes needless, one is made all the same."""
_TRIES = 3
"""An index that proved nothing so often is given up for the type."""

log = logging.getLogger("lrestore.looker")


class OfType:
    """The lists of one type, and their use.

    ``claims``: what was answered as missing, or written; ``written``: the latter alone. ``asked``: questions since the
    index was last good; ``shown``: hashes of the ids that other reads of this process have shown, and that the lists
    must show, too; ``has_created``: whether this process has written such an object since.
    """

    def __init__(self, claims: Claims, written: Claims) -> None:
        self.lock = threading.RLock()
        self.claims = claims
        self.written = written
        self.table: SnapshotTable | None = None
        self.asked = 0
        self.shown: set[int] = set()
        self.has_created = False
        self.answers = SpotChecks(CONTROL_EVERY)
        self.batches = SpotChecks(CONTROL_EVERY_BATCH)
        self._failed = 0

    @property
    def given_up(self) -> bool:
        """Whether the lists are not read any more: they proved nothing several times, or something wrong once."""
        return self._failed >= _TRIES

    def taken_out(self) -> set[int]:
        """The hashes of the ids that the lists have shown in the trash, if the run has written all of them since: then
        it explains a trash that is empty now. Else none. Raises OSError.
        """
        before = set(self.table.trash) if self.table is not None else set()
        return before if all(map(self.claims.has, before)) else set()

    @property
    def is_outdated(self) -> bool:
        """Whether the lists were empty, and an object has been created since: then they may prove something now."""
        return self.table is not None and self.table.empty and self.has_created

    def accept(self, table: SnapshotTable) -> None:
        """Take over what was read."""
        lacking = sum(not table.has(one) for one in self.shown)
        if table.proves and lacking:
            table.disprove(f"they lack {lacking} objects that other reads have shown")
        self.table = table
        self.has_created = False
        self.asked = 0
        self._failed = 0 if table.proves else self._failed + 1
        if not table.proves:
            log.info("the lists do not show what is missing: %s", table.reason)

    def give_up(self, reason: str) -> None:
        """Believe nothing from now on."""
        with self.lock:
            self._failed = _TRIES
            if self.table is not None:
                self.table.disprove(reason)


class SpotChecks:
    """Tells which answers are checked: the first, and every so many after it."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._count = itertools.count()

    def is_due(self) -> bool:
        """Whether this answer is checked."""
        return next(self._count) % self._every == 0


class SnapshotTable:
    """A snapshot in which to look."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.read_at_s = snapshot.read_at_s
        self.trash = array("Q", snapshot.trash)
        self.reason = snapshot.reason
        self.empty = snapshot.empty
        self._hashes = memoryview(snapshot.hashes).cast("Q")

    @property
    def proves(self) -> bool:
        """Whether what it lacks is missing."""
        return bool(self._hashes) and not self.reason

    def disprove(self, reason: str) -> None:
        """It lacks something that is there."""
        self.reason = reason

    def has(self, wanted: int) -> bool:
        """Whether an id or natural key with this hash is there."""
        at = bisect_left(self._hashes, wanted)
        return at < len(self._hashes) and self._hashes[at] == wanted
