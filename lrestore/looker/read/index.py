"""The index of an instance: which dashboards and looks it has, read as whole lists, to see that an object is missing.

An object is missing if two kinds of answers agree, see :mod:`lrestore.looker.read.index_lists`. If they disagree, or if
one fails, the index proves nothing, and each object is asked for by itself. The same holds

- a minute after the reading: another caller may have created the object since;
- for what the run itself has written, and for what the index has answered once: the next question comes from a second
  item with the same name, or from a second attempt;
- for one object in :data:`~lrestore.looker.read.index_table.CONTROL_EVERY`, and for the first: the reads of that
  object check the index. If any read shows an object that the index lacks, the index is not believed any more.

The processes of a run share one index of each type: one of them reads, the others wait for it. The index holds hashes
of ids and of natural keys: two objects with the same hash cost a read, and nothing else.
"""

from __future__ import annotations

import logging
import time
from array import array
from collections.abc import Callable, Collection

from lrestore.clock import Clock
from lrestore.content.identity import NaturalKey
from lrestore.errors import LookerError
from lrestore.json_types import JsonObject
from lrestore.looker.read.index_files import Claims, Shared, Snapshot, load, locked, save
from lrestore.looker.read.index_lists import (
    EmptyListingError,
    UnprovedError,
    entries_of,
    id_hash,
    is_lookml,
    is_whole,
    key_hash,
    read_lists,
)
from lrestore.looker.read.index_table import OfType, SnapshotTable
from lrestore.looker.read.reads import Reads

INDEXED = frozenset({"dashboard", "look"})
"""Types with too many objects to hold, of which a restore may have to create many."""
GOOD_FOR_S = 60.0
"""How long the index is believed: an object that another caller creates meanwhile would be created again."""
WORTH_READING = 4
"""Questions before a run of many objects reads the index: an object that is missing costs three reads without it."""
WORTH_READING_ALONE = 30
"""The same, where it is not known how many questions will follow."""
WORTH_SHARING = 50
"""Objects of a type of which a run must restore that many, or the index of the type is not read at all."""

log = logging.getLogger("lrestore.looker")

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
        self._types = {
            name: OfType(_claims(shared, name, "claims"), _claims(shared, name, "written")) for name in types
        }

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

    def lacks_name(self, type_name: str, key: NaturalKey) -> bool:
        """Whether no object has the natural key, so that nothing can refer to it by that. False if that is not proved.

        This is answered any number of times, other than :meth:`take_missing`: nothing is created because of it.
        """
        if not is_whole(type_name, key):
            return False
        table, wanted = self._table(type_name), key_hash(type_name, key)
        if table is None or table.has(wanted):
            return False
        held = self._types[type_name]
        try:
            return not held.written.has(wanted) and not held.answers.is_due()
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
        held.has_created = True
        entries = entries_of(type_name, str(written["id"]), written)
        try:
            held.claims.add(entries)
            held.written.add(entries)
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

    def _table(self, type_name: str) -> SnapshotTable | None:
        """The current lists. None if they prove nothing, or if too few questions have been asked to read them."""
        held = self._types.get(type_name)
        if held is None:
            return None
        with held.lock:
            if held.table is None or held.is_outdated or not self._is_good(held.table.read_at_s):
                held.asked += 1
                snapshot = None if held.given_up else self._snapshot(type_name, held)
                if snapshot is None:
                    return None
                held.accept(SnapshotTable(snapshot))
            table = held.table
            # A reading that took longer than it is believed for proves nothing.
            return table if table is not None and table.proves and self._is_good(table.read_at_s) else None

    def _snapshot(self, type_name: str, held: OfType) -> Snapshot | None:
        try:
            found = self._shown(type_name, held)
            worth = held.is_outdated or held.asked >= self._worth
            if found is None and worth and self._sees_all():
                found = self._current(type_name, held)
        except OSError as error:
            found = Snapshot(self._run, self._clock(), reason=str(error))
        return found

    def _is_good(self, read_at_s: float) -> bool:
        return read_at_s <= self._clock() < read_at_s + GOOD_FOR_S

    def _current(self, type_name: str, held: OfType) -> Snapshot:
        """The index as Looker shows it, unless another process has read it while this one waited for its turn."""
        if self._shared is None:
            return self._read(type_name, held)
        path = self._shared.path(type_name)
        with locked(path):
            found = self._shown(type_name, held)
            if found is None:
                found = self._read(type_name, held)
                save(path, found)
            return found

    def _shown(self, type_name: str, held: OfType) -> Snapshot | None:
        """The index that a process of this run has read a moment ago."""
        found = None if self._shared is None else load(self._shared.path(type_name))
        if found is None or found.run != self._run or not self._is_good(found.read_at_s):
            return None
        return None if found.empty and held.has_created else found

    def _read(self, type_name: str, held: OfType) -> Snapshot:
        read_at_s = self._clock()
        try:
            entries = read_lists(self._reads, type_name)
        except (LookerError, UnprovedError) as error:
            return Snapshot(self._run, read_at_s, reason=str(error), empty=isinstance(error, EmptyListingError))
        log.info("read the lists of %ss in %.1f s", type_name, self._clock() - read_at_s)
        trash = entries.trash or held.taken_out()
        return Snapshot(self._run, read_at_s, entries.packed(), array("Q", trash).tobytes())


def _claims(shared: Shared | None, type_name: str, what: str) -> Claims:
    return Claims(None if shared is None else shared.path(type_name).with_suffix(f".{what}"))
