"""The index of an instance: which dashboards and looks it has, read as whole lists, to see that an object is missing.

An object is missing if two kinds of answers agree, see :mod:`lrestore.looker.read.index_lists`. If they disagree, or if
one fails, the index proves nothing, and each object is asked for by itself. The same holds

- a minute after the reading: another caller may have created the object since;
- for what the run itself has written, and for what the index has answered once: the next question comes from a second
  item with the same name, or from a second attempt;
- for one object in :data:`CONTROL_EVERY`, and for the first: the reads of that object check the index. If any read
  shows an object that the index lacks, the index is not believed any more.

The processes of a run share one index of each type: one of them reads, the others wait for it. The index holds hashes
of ids and of natural keys: two objects with the same hash cost a read, and nothing else.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Collection

from lrestore.errors import LookerError
from lrestore.json_types import JsonObject
from lrestore.looker.read.index_files import Claims, Shared, Snapshot, load, locked, save
from lrestore.looker.read.index_lists import (
    NaturalKey,
    UnprovedError,
    entries_of,
    id_hash,
    is_lookml,
    is_whole,
    key_hash,
    read_lists,
)
from lrestore.looker.read.reads import Reads

INDEXED = frozenset({"dashboard", "look"})
"""Types with too many objects to hold, of which a restore may have to create many."""
GOOD_FOR_S = 60.0
"""How long the index is believed: an object that another caller creates meanwhile would be created again."""
WORTH_READING = 10
"""Questions before a run of many objects reads the index: an object that is missing costs three reads without it."""
WORTH_READING_ALONE = 30
"""The same, where it is not known how many questions will follow."""
WORTH_SHARING = 50
"""Objects of a type of which a run must restore that many, or the index of the type is not read at all."""
CONTROL_EVERY = 100
"""Of so many objects that the index lacks, one is looked for all the same."""
CONTROL_EVERY_BATCH = 10
"""Of so many searches of the trash that the index makes needless, one is made all the same."""
_TRIES = 3
"""An index that proved nothing so often is given up for the type."""

log = logging.getLogger("lrestore.looker")

Clock = Callable[[], float]
SeesAll = Callable[[], bool]


def never() -> bool:
    """For a caller that does not see everything."""
    return False


class InstanceIndex:
    """Tells which objects are missing. Safe for threads, and for the processes that share its folder."""

    def __init__(
        self, reads: Reads, sees_all: SeesAll = never, shared: Shared | None = None, clock: Clock = time.monotonic
    ) -> None:
        """``sees_all``: whether Looker shows the caller everything; to others the index proves nothing. ``shared``:
        where the processes of the run share it; None: this process is alone.
        """
        self._reads = reads
        self._sees_all = sees_all
        self._shared = shared
        self._run = shared.run if shared is not None else ""
        self._worth = WORTH_READING_ALONE if shared is None else WORTH_READING
        self._clock = clock
        types = INDEXED if shared is None else INDEXED & shared.types
        self._types = {name: _OfType(_claims(shared, name)) for name in types}

    def lacks_all(self, type_name: str, object_ids: Collection[str]) -> bool:
        """Whether no object has one of the ids, in the trash or not. False if that is not proved. Lists that show no
        trash at all do not prove that an object is not in it.
        """
        table = self._table(type_name)
        if table is None or not table.trash or any(is_lookml(one) or table.has(id_hash(one)) for one in object_ids):
            return False
        return not self._types[type_name].batches.is_due()

    def shows_no_trash(self, type_name: str) -> bool:
        """Whether the lists that gave the last answer show the trash as empty. A search that knows no trash says so,
        too: then only a read of the object tells that it is not there.
        """
        held = self._types.get(type_name)
        table = held.table if held is not None else None
        return table is not None and not table.trash

    def take_missing(self, type_name: str, object_id: str | None, *keys: NaturalKey) -> bool:
        """Whether no object has the id, nor one of the natural keys, in the trash or not, so that one may be created.
        False if that is not proved.

        An id of None is not asked for. A key names all fields of the type's natural key; with a None in it, it proves
        nothing. Each id and each key gets this answer once in a run. With :meth:`shows_no_trash`, an object with the id
        may still be in the trash.
        """
        if any(not is_whole(type_name, key) for key in keys) or (object_id is not None and is_lookml(object_id)):
            return False
        hashes = [key_hash(type_name, key) for key in keys]
        hashes += [id_hash(object_id)] if object_id is not None else []
        table = self._table(type_name)
        if table is None or not hashes or any(map(table.has, hashes)):
            return False
        held = self._types[type_name]
        if held.answers.is_due():
            return False
        try:
            return held.claims.take(hashes)
        except OSError as error:
            held.give_up(f"what other processes create is unknown: {error}")
            return False

    def expect(self, type_name: str, questions: int) -> None:
        """So many objects are going to be asked for."""
        if type_name in self._types:
            held = self._types[type_name]
            with held.lock:
                held.asked += questions

    def note(self, type_name: str, written: JsonObject) -> None:
        """This process has just created the object, or changed it: with what it names of its natural key."""
        if type_name not in self._types:
            return
        held = self._types[type_name]
        try:
            held.claims.add(entries_of(type_name, str(written["id"]), written))
        except OSError as error:
            log.warning("other processes may not see what this one writes: %s", error)
            held.give_up(str(error))

    def seen(self, type_name: str, object_ids: Collection[str]) -> None:
        """Another read has just shown these objects. If the index lacks one that the run has not created, it has a gap,
        or another caller has created it just now.
        """
        held = self._types.get(type_name)
        if held is None:
            return
        with held.lock:
            held.shown |= {id_hash(one) for one in object_ids if not is_lookml(one)}
            table = held.table
        if table is None or not table.proves:
            return
        for one in object_ids:
            if table.has(id_hash(one)) or is_lookml(one):
                continue
            try:
                known = held.claims.has(id_hash(one))
            except OSError:
                known = False
            if not known:
                held.give_up(f"they lack {type_name} {one}, which Looker has just shown")
                log.warning("the lists of %ss lack id %s: looking for each object instead", type_name, one)

    def _table(self, type_name: str) -> _Table | None:
        """The current lists. None if they prove nothing, or if too few questions have been asked to read them."""
        held = self._types.get(type_name)
        if held is None:
            return None
        with held.lock:
            if held.table is None or not self._is_good(held.table.read_at_s):
                held.asked += 1
                snapshot = None if held.given_up else self._snapshot(type_name, held)
                if snapshot is None:
                    return None
                held.accept(_Table(snapshot))
            table = held.table
            # A reading that took longer than it is believed for proves nothing.
            return table if table is not None and table.proves and self._is_good(table.read_at_s) else None

    def _snapshot(self, type_name: str, held: _OfType) -> Snapshot | None:
        try:
            found = self._shown(type_name)
            if found is None and held.asked >= self._worth and self._sees_all():
                found = self._current(type_name)
        except OSError as error:
            found = Snapshot(self._run, self._clock(), reason=str(error))
        return found

    def _is_good(self, read_at_s: float) -> bool:
        return read_at_s <= self._clock() < read_at_s + GOOD_FOR_S

    def _current(self, type_name: str) -> Snapshot:
        """The index as Looker shows it, unless another process has read it while this one waited for its turn."""
        if self._shared is None:
            return self._read(type_name)
        path = self._shared.path(type_name)
        with locked(path):
            found = self._shown(type_name)
            if found is None:
                found = self._read(type_name)
                save(path, found)
            return found

    def _shown(self, type_name: str) -> Snapshot | None:
        """The index that a process of this run has read a moment ago."""
        found = None if self._shared is None else load(self._shared.path(type_name))
        return found if found is not None and found.run == self._run and self._is_good(found.read_at_s) else None

    def _read(self, type_name: str) -> Snapshot:
        read_at_s = self._clock()
        try:
            entries = read_lists(self._reads, type_name)
        except (LookerError, UnprovedError) as error:
            return Snapshot(self._run, read_at_s, reason=str(error))
        log.info("read the lists of %ss in %.1f s", type_name, self._clock() - read_at_s)
        return Snapshot(self._run, read_at_s, entries.packed(), entries.trash)


def _claims(shared: Shared | None, type_name: str) -> Claims:
    return Claims(None if shared is None else shared.path(type_name).with_suffix(".claims"))


class _OfType:
    """The lists of one type, and their use. ``asked``: questions since the index was last good; ``shown``: hashes of
    the ids that other reads of this process have shown, and that the lists must show, too.
    """

    def __init__(self, claims: Claims) -> None:
        self.lock = threading.RLock()
        self.claims = claims
        self.table: _Table | None = None
        self.asked = 0
        self.shown: set[int] = set()
        self.answers = _Control(CONTROL_EVERY)
        self.batches = _Control(CONTROL_EVERY_BATCH)
        self._failed = 0

    @property
    def given_up(self) -> bool:
        """Whether the lists are not read any more: they proved nothing several times, or something wrong once."""
        return self._failed >= _TRIES

    def accept(self, table: _Table) -> None:
        """Take over what was read."""
        lacking = sum(not table.has(one) for one in self.shown)
        if table.proves and lacking:
            table.disprove(f"they lack {lacking} objects that other reads have shown")
        self.table = table
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


class _Control:
    """Tells which answers are checked: the first, and every so many after it."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._count = itertools.count()

    def is_due(self) -> bool:
        """Whether this answer is checked."""
        return next(self._count) % self._every == 0


class _Table:
    """A snapshot in which to look."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.read_at_s = snapshot.read_at_s
        self.trash = snapshot.trash
        self.reason = snapshot.reason
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
