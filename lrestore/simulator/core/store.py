"""The world of a simulated instance: records by type and id, associations, counters. It knows no rules of Looker."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from lrestore.json_types import JsonObject

Record: TypeAlias = JsonObject
Moment: TypeAlias = Callable[[], datetime]

INDEXES: Mapping[str, tuple[str, ...]] = {
    "dashboard": ("folder_id", "slug", "title", "user_id"),
    "dashboard_element": ("dashboard_id", "look_id", "query_id", "result_maker_id"),
    "dashboard_filter": ("dashboard_id",),
    "dashboard_layout": ("dashboard_id",),
    "dashboard_layout_component": ("dashboard_layout_id", "dashboard_element_id"),
    "look": ("folder_id", "title", "query_id", "user_id"),
    "query": ("slug",),
    "merge_query": (),
    "folder": ("parent_id", "name"),
    "board": ("title", "user_id"),
    "board_section": ("board_id",),
    "board_item": ("board_section_id", "dashboard_id", "look_id"),
    "user": ("email", "personal_folder_id"),
    "group": ("name",),
    "role": ("name", "permission_set_id", "model_set_id"),
    "permission_set": ("name",),
    "model_set": ("name",),
    "lookml_model": (),
    "color_collection": (),
    "scheduled_plan": ("user_id", "dashboard_id", "look_id"),
    "alert": ("dashboard_element_id",),
    "content_metadata": ("parent_id", "folder_id", "dashboard_id", "look_id", "homepage_id"),
    "content_metadata_access": ("content_metadata_id",),
    "user_attribute": ("name", "label"),
    "user_attribute_group_value": ("user_attribute_id", "group_id"),
    "user_attribute_user_value": ("user_attribute_id", "user_id"),
}
"""Each type of the store, with the fields by which its records are looked up."""

EDGES: Mapping[str, tuple[str, str]] = {
    "group_user": ("group_id", "user_id"),
    "group_group": ("parent_group_id", "child_group_id"),
    "role_group": ("role_id", "group_id"),
    "role_user": ("role_id", "user_id"),
}
"""Associations, with the names of their two ends in world files."""


def key_of(kind: str, record: Mapping[str, Any]) -> str:
    """The id of a record; of a model, its name."""
    return str(record["name"] if kind == "lookml_model" else record["id"])


def _folded(value: object) -> object:
    return value.casefold() if isinstance(value, str) else value


class Table:
    """Records of one type by id, in order of arrival, found by any indexed field regardless of case."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.records: dict[str, Record] = {}
        self._by: dict[str, dict[object, dict[str, None]]] = {name: defaultdict(dict) for name in INDEXES[kind]}

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        return iter(list(self.records.values()))

    def get(self, key: str | None) -> Record | None:
        """The record of that id, or None."""
        return self.records.get(key) if key is not None else None

    def indexed(self, name: str) -> bool:
        """Whether :meth:`where` supports the field."""
        return name in self._by

    def where(self, name: str, value: object) -> list[Record]:
        """Records whose indexed field has that value; text is compared without regard to case."""
        return [self.records[key] for key in self._by[name].get(_folded(value), ())]

    def count(self, name: str, value: object) -> int:
        """How many records have that value in the indexed field."""
        return len(self._by[name].get(_folded(value), ()))

    def put(self, record: Record) -> Record:
        """Add a record, or replace the one with its id."""
        key = key_of(self.kind, record)
        self.remove(key)
        self.records[key] = record
        for name, index in self._by.items():
            index[_folded(record.get(name))][key] = None
        return record

    def change(self, key: str, values: Mapping[str, Any]) -> Record:
        """Set fields of an existing record and update the indexes. A model may be renamed."""
        record = self.records[key]
        for name in self._by.keys() & values.keys():
            self._by[name][_folded(record.get(name))].pop(key, None)
            self._by[name][_folded(values[name])][key] = None
        record.update(values)
        new_key = key_of(self.kind, record)
        if new_key != key:
            self.records = {new_key if k == key else k: r for k, r in self.records.items()}
        return record

    def remove(self, key: str) -> Record | None:
        """Remove a record and return it; None if there was none."""
        record = self.records.pop(key, None)
        if record is not None:
            for name, index in self._by.items():
                index[_folded(record.get(name))].pop(key, None)
        return record


class Edges:
    """One association, both ways, in order of arrival."""

    def __init__(self) -> None:
        self._rights: dict[str, dict[str, None]] = {}
        self._lefts: dict[str, dict[str, None]] = {}

    def add(self, left: str, right: str) -> None:
        """Associate the two; no change if they are associated already."""
        self._rights.setdefault(left, {})[right] = None
        self._lefts.setdefault(right, {})[left] = None

    def drop(self, left: str, right: str) -> bool:
        """Dissociate the two; False if they were not associated."""
        self._lefts.get(right, {}).pop(left, None)
        return self._rights.get(left, {}).pop(right, self) is not self

    def rights(self, left: str) -> list[str]:
        """All ids associated with *left*."""
        return list(self._rights.get(left, ()))

    def lefts(self, right: str) -> list[str]:
        """All ids associated with *right*."""
        return list(self._lefts.get(right, ()))

    def replace_rights(self, left: str, rights: Iterable[str]) -> None:
        """Associate *left* with exactly these ids."""
        for right in self.rights(left):
            self.drop(left, right)
        for right in rights:
            self.add(left, right)

    def replace_lefts(self, right: str, lefts: Iterable[str]) -> None:
        """Associate exactly these ids with *right*."""
        for left in self.lefts(right):
            self.drop(left, right)
        for left in lefts:
            self.add(left, right)

    def forget(self, *, left: str | None = None, right: str | None = None) -> None:
        """Remove all associations of one end."""
        if left is not None:
            self.replace_rights(left, ())
        if right is not None:
            self.replace_lefts(right, ())

    def pairs(self) -> list[tuple[str, str]]:
        """Every (left, right), in the order of their ids."""
        found = [(left, right) for left, rights in self._rights.items() for right in rights]
        return sorted(found, key=lambda pair: [(len(end), end) for end in pair])


class World:
    """Everything that a simulated instance holds. ``moment`` is its clock."""

    def __init__(self, moment: Moment | None = None) -> None:
        self.tables = {kind: Table(kind) for kind in INDEXES}
        self.edges = {kind: Edges() for kind in EDGES}
        self.moment: Moment = moment or (lambda: datetime.now(UTC))
        self.base_url = "https://looker.example.com"
        self.release = ""
        """The release of the instance; later fields are not shown. Empty: the specification's own."""
        self.inherited_lists = False
        """Whether ``group_ids`` and ``role_ids`` of a user include inherited ones. Looker does not document it."""
        self.memo: dict[str, object] = {}
        """Caches of the rules about records; emptied when records are changed directly."""
        self._last_ids: dict[str, int] = defaultdict(int)

    def table(self, kind: str) -> Table:
        """The records of a type; KeyError for an unknown one."""
        return self.tables[kind]

    def get(self, kind: str, key: str | None) -> Record | None:
        """One record, or None."""
        return self.tables[kind].get(key)

    def new_id(self, kind: str) -> str:
        """The next id of the type. Ids are never reused, even after a deletion."""
        self._last_ids[kind] += 1
        return str(self._last_ids[kind])

    def note_id(self, kind: str, key: object) -> None:
        """Reserve an id that came from outside, so that it is not given again."""
        if isinstance(key, str) and key.isascii() and key.isdecimal():
            self._last_ids[kind] = max(self._last_ids[kind], int(key))

    @property
    def last_ids(self) -> dict[str, int]:
        """The highest id given per type."""
        return dict(self._last_ids)

    def now(self) -> str:
        """The world's time as Looker writes it."""
        return self.moment().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
