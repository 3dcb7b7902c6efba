"""Objects of types that no listing shows whole, such as dashboards: read one by one, or in advance with one search."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from lrestore.json_types import JsonObject
from lrestore.looker.caller import UndecodedRow
from lrestore.looker.read.copies import Copies, Copy, Key
from lrestore.looker.read.existence import Existence
from lrestore.looker.read.index import InstanceIndex
from lrestore.looker.read.reads import LISTED, Reads, has
from lrestore.looker.read.searches import Searches
from lrestore.looker.read.users import emails_of
from lrestore.ontology import CONTENT_TYPES


class SingleObjects:
    """Reads such objects. Each copy is given out once: it must be fresh when its item is restored."""

    def __init__(
        self,
        reads: Reads,
        searches: Searches,
        existence: Existence,
        index: InstanceIndex,
        given: Iterable[tuple[Key, JsonObject]],
    ) -> None:
        """``given`` are copies that another process has read, by type and id."""
        self._reads = reads
        self._searches = searches
        self._existence = existence
        self._index = index
        self._copies = Copies(given)
        self._trash = Copies()
        self._bare: set[str] = set()
        """Types of which a search does not show whole objects."""
        self._foreseen: dict[Key, JsonObject] = {}

    def get(self, type_name: str, object_id: str) -> JsonObject | None:
        """One object whole, or None where Looker says 404."""
        held, copy = self._copies.take(type_name, object_id)
        if held and copy is None:
            return None
        return self._shown_whole(type_name, copy) or self._read(type_name, object_id)

    def _shown_whole(self, type_name: str, copy: Copy | None) -> JsonObject | None:
        """The object of a copy; None if it does not show all of it, or cannot be understood."""
        found = copy.whole() if isinstance(copy, UndecodedRow) else copy
        if found is None or not isinstance(copy, UndecodedRow) or whole(type_name, found):
            return found
        self._bare.add(type_name)
        return None

    def _read(self, type_name: str, object_id: str) -> JsonObject | None:
        found = self._reads.whole(type_name, object_id)
        if found is not None:
            self._existence.shown(type_name, found)
            self._index.seen(type_name, [object_id])
        return found

    def prefetch(self, type_name: str, object_id: str) -> JsonObject | None:
        """Read one object now and keep the copy for the next :meth:`get` of it."""
        found = self._read(type_name, object_id)
        self._copies.keep(type_name, {object_id: found})
        return found

    def prefetch_all(self, type_name: str, object_ids: Collection[str], *, trash: bool = False) -> None:
        """Read several objects with few searches, and keep the copies for :meth:`get`. ``trash``: it also gives out
        those that the search of the trash shows, perhaps without their parts; otherwise each of these is read.

        Whether a search shows an object whole is up to the server: if it does not, this is given up for the type.
        """
        entry = CONTENT_TYPES[type_name]
        if entry.search is None or type_name in self._bare or type_name in LISTED:
            return
        wanted = self._copies.without(type_name, object_ids)
        for ids, rows in self._searches.by_ids(type_name, wanted):
            first = next(iter(rows.values()), None)
            if first is not None and self._shown_whole(type_name, first) is None:
                return
            self._copies.keep(type_name, rows)
            self._existence.seen(type_name, [row.head for row in rows.values()])
            self._index.seen(type_name, rows)
            if entry.trash:
                self._note_lacking(type_name, set(ids) - rows.keys(), trash=trash)

    def _note_lacking(self, type_name: str, lacking: set[str], *, trash: bool) -> None:
        """Look in the trash for the objects that a search has not shown outside it."""
        if not lacking:
            return
        self._index.expect(type_name, len(lacking))
        trashed: dict[str, JsonObject] = {}
        if not self._index.lacks_all(type_name, lacking):
            trashed = self._reads.by_ids(type_name, lacking, None, deleted=True)
            self._index.seen(type_name, trashed)
        self._trash.keep(type_name, {one: trashed.get(one) for one in lacking})
        if trash:
            self._copies.keep(type_name, trashed)

    def read_ahead(self, type_name: str) -> dict[str, JsonObject]:
        """The objects of a type that :meth:`prefetch_all` has read and that are still unused, by id."""
        shown = ((one, self._shown_whole(type_name, copy)) for one, copy in self._copies.of(type_name).items())
        return {one: row for one, row in shown if row is not None}

    def trashed(self, type_name: str, object_id: str) -> JsonObject | None:
        """The object as a search of the trash shows it, perhaps without its parts; None if it is not there."""
        if not CONTENT_TYPES[type_name].trash:
            return None
        held, copy = self._trash.take(type_name, object_id)
        if isinstance(copy, UndecodedRow):
            copy = copy.whole()
        return copy if held else self._reads.by_ids(type_name, {object_id}, None, deleted=True).get(object_id)

    def searched_in_vain(self, type_name: str, object_id: str) -> bool:
        """Whether :meth:`prefetch_all` has seen the object neither outside the trash nor in it."""
        return self._trash.holds_none(type_name, object_id)

    def find(self, type_name: str, key: Mapping[str, str | None]) -> list[JsonObject]:
        """The objects whose fields equal ``key`` exactly, those in the trash too."""
        found = {str(row["id"]): row for row in self._reads.search(type_name, key)}
        shown = {one: {**row, **self._foreseen.get((type_name, one), {})} for one, row in found.items()}
        return [row for row in shown.values() if has(row, key)]

    def foresee(self, type_name: str, object_id: str, fields: JsonObject) -> None:
        """Let searches show the object with these fields from now on: a plan would give it them."""
        self._foreseen[type_name, object_id] = fields

    def look_anew(self, type_name: str) -> None:
        """Drop the copies of a type: another process has written since."""
        self._copies.drop(type_name)
        self._trash.drop(type_name)


def whole(type_name: str, row: JsonObject) -> bool:
    """Whether a row of a search is all that a read would show, as far as a restore needs it."""
    if type_name == "user":
        explained = not row.get("email") or bool(emails_of({**row, "email": None}))
        members = isinstance(row.get("role_ids"), list) and isinstance(row.get("group_ids"), list)
        return members and "is_disabled" in row and explained
    if type_name != "dashboard":
        return True
    lists = (row.get("dashboard_elements"), row.get("dashboard_filters"), row.get("dashboard_layouts"))
    if not all(isinstance(parts, list) for parts in lists) or not row.get("dashboard_layouts"):
        return False
    return all("dashboard_layout_components" in layout for layout in row["dashboard_layouts"]) and all(
        tile.get("result_maker") or not (tile.get("query_id") or tile.get("look_id"))
        for tile in row["dashboard_elements"]
    )
