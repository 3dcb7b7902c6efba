"""The whole lists of a type, from which the index is made: they prove something only where two kinds of answers agree.

The listing (``all_looks``) shows in one answer all that is not in the trash. The search shows, page by page, what is in
the trash and what is not. The listing is read first, then the trash, then the rest: an object that is put into the
trash or taken out of it meanwhile is in one of the later answers.

Pages are sorted by id, and each begins with the last row of the page before. A server that ignores the offset, and
objects that come or go meanwhile, show in that row.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator

from lrestore.content.identity import NaturalKey
from lrestore.json_types import JsonObject
from lrestore.looker.read.reads import Reads, ShiftedPagesError
from lrestore.ontology import CONTENT_TYPES

_TRIES = 4
"""How often lists are read of which the pages do not join."""


class UnprovedError(Exception):
    """The lists prove nothing; the text says why."""


class EmptyListingError(UnprovedError):
    """The listing has no object: what is missing shows once the run has created one."""


class Entries:
    """Hashes of the ids and of the natural keys of all objects of a type. ``trash``: of the ids in the trash."""

    def __init__(self, type_name: str) -> None:
        self.type_name = type_name
        self.hashes = array("Q")
        self.trash: set[int] = set()

    def add(self, row: JsonObject) -> None:
        """An object that Looker has shown."""
        object_id = str(row[CONTENT_TYPES[self.type_name].id_field])
        self.hashes.extend(entries_of(self.type_name, object_id, row))

    def packed(self) -> bytes:
        """The hashes in order, 8 bytes each."""
        return array("Q", sorted(set(self.hashes))).tobytes()


def read_lists(reads: Reads, type_name: str) -> Entries:
    """All objects of the type, those in the trash included, but without LookML dashboards.

    Raises LookerError where an answer fails, UnprovedError where the answers disagree.
    """
    reason = ""
    for _ in range(_TRIES):
        try:
            return _read_once(reads, type_name)
        except ShiftedPagesError as error:
            # The run itself takes objects out of the trash.
            reason = str(error)
    raise UnprovedError(reason)


def _read_once(reads: Reads, type_name: str) -> Entries:
    """The same. Raises ShiftedPagesError, too."""
    found = Entries(type_name)
    listed = _hashes(found, _own(type_name, reads.all_live(type_name)))
    if not listed:
        raise EmptyListingError("the listing is empty")
    trash = _trash(found, reads)
    searched = _hashes(found, _checked(type_name, reads.search_all(type_name, trash=False), deleted=False))
    _agree("search", listed, searched | trash)
    if searched - listed - trash:
        # They may have been created since the listing was read.
        _agree("listing", searched, _hashes(found, _own(type_name, reads.all_live(type_name))) | trash)
    # No other operation lists the trash, so it is read twice.
    again = _trash(found, reads)
    if (trash ^ again) - listed - searched:
        raise ShiftedPagesError(f"{type_name}: the trash is shown differently from one moment to the next")
    found.trash = trash | again
    return found


def _agree(lists: str, objects: set[int], shown: set[int]) -> None:
    """Raise UnprovedError unless all the objects are shown."""
    lacking = len(objects - shown)
    if lacking:
        raise UnprovedError(f"the {lists} lacks {lacking} of {len(objects)} objects that the other answer shows")


def _hashes(found: Entries, rows: Iterable[JsonObject]) -> set[int]:
    """The hashes of the ids; the objects are added to ``found``."""
    ids = set()
    for row in rows:
        found.add(row)
        ids.add(id_hash(str(row[CONTENT_TYPES[found.type_name].id_field])))
    return ids


def _trash(found: Entries, reads: Reads) -> set[int]:
    return _hashes(found, _checked(found.type_name, reads.search_all(found.type_name, trash=True), deleted=True))


def _checked(type_name: str, rows: Iterable[JsonObject], *, deleted: bool) -> Iterator[JsonObject]:
    """The rows of a search. Raises UnprovedError for one that is not what was searched for, or that lacks a field."""
    needed = {*CONTENT_TYPES[type_name].natural_key, "deleted"}
    for row in _own(type_name, rows):
        if not needed <= row.keys():
            raise UnprovedError(f"the search does not show {' and '.join(sorted(needed - row.keys()))}")
        if deleted and row["deleted"] is not True:
            raise UnprovedError("the search of the trash shows objects that are not in it")
        yield row


def _own(type_name: str, rows: Iterable[JsonObject]) -> Iterator[JsonObject]:
    """The rows without LookML dashboards, which no search shows (specification, search_dashboards)."""
    id_field = CONTENT_TYPES[type_name].id_field
    return (row for row in rows if not is_lookml(str(row[id_field])))


def is_lookml(object_id: str) -> bool:
    """Whether the id is that of a LookML dashboard: ``model::name``."""
    return "::" in object_id


def entries_of(type_name: str, object_id: str, row: JsonObject) -> list[int]:
    """The hashes of an object: of its id, and of its natural key where the row shows all of it."""
    key = {name: None if row.get(name) is None else str(row[name]) for name in CONTENT_TYPES[type_name].natural_key}
    return [id_hash(object_id), *([key_hash(type_name, key)] if is_whole(type_name, key) else [])]


def is_whole(type_name: str, key: NaturalKey) -> bool:
    """Whether the key has a value for each field of the type's natural key."""
    return key.keys() == set(CONTENT_TYPES[type_name].natural_key) and None not in key.values()


def id_hash(object_id: str) -> int:
    """The hash of an id."""
    return _hash(f"id\0{object_id}")


def key_hash(type_name: str, key: NaturalKey) -> int:
    """The hash of a whole natural key."""
    return _hash("\0".join(("key", *(str(key[name]) for name in CONTENT_TYPES[type_name].natural_key))))


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
