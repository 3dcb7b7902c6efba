"""Select items of the backup: the grammar of ``--select`` and ``--exclude``. Pure; ``filters`` narrow a selection.

A SPEC is ``all``, ``TYPE``, ``TYPE=ID[,ID…]`` or ``@FILE`` with one of these per line. A list may be CSV as
``--show source --format csv`` writes it: the first column is the SPEC, the others are for people, except that a row
with the status ``deleted`` counts only where such rows take part.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO

from lrestore.errors import UsageError
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES, content_type

_EVERYTHING = "all"
_HEADER = "spec"
_STATUS = "status"
_DELETED = "deleted"
_NO_ID = re.compile(r"[\s\"']|^\d{4}-\d\d-\d\d")
"""Blanks, quotes, dates: columns of a CSV list whose header is gone, the numbers among which would be taken for ids."""


@dataclass(frozen=True, slots=True)
class SelectionSide:
    """One side of a selection: everything, whole types, and single items in the order in which they were named.

    ``deleted`` are items that a list names as marked deleted in the backup; they are not among ``keys``.
    """

    everything: bool = False
    types: frozenset[str] = frozenset()
    keys: Mapping[ItemKey, None] = field(default_factory=dict)
    deleted: Mapping[ItemKey, None] = field(default_factory=dict)

    def holds(self, key: ItemKey) -> bool:
        """Does this side name the item, in one way or another?"""
        return self.everything or key.type in self.types or key in self.keys

    def with_deleted(self) -> SelectionSide:
        """The same where rows that are marked deleted take part."""
        return SelectionSide(self.everything, self.types, {**self.keys, **self.deleted})

    def specs(self) -> tuple[str, ...]:
        """SPECs that mean the same, whatever lists this side was read from."""
        ids: dict[str, list[str]] = {}
        for key in self.keys:
            ids.setdefault(key.type, []).append(key.id)
        named = (f"{type_name}={','.join(of_type)}" for type_name, of_type in ids.items())
        return (*("all",) * self.everything, *sorted(self.types), *named)


@dataclass(frozen=True, slots=True)
class Selection:
    """The wanted items, and the exclusions from them."""

    wanted: SelectionSide = field(default_factory=SelectionSide)
    excluded: SelectionSide = field(default_factory=SelectionSide)

    def wants(self, key: ItemKey) -> bool:
        """Is this item selected? What is excluded isn't, however else it is named."""
        return self.wanted.holds(key) and not self.excluded.holds(key)

    def whole_types(self) -> frozenset[str] | None:
        """The types of which everything is wanted; None: all types."""
        if self.wanted.everything:
            return None if not self._gone() else frozenset(CONTENT_TYPES) - self._gone()
        return self.wanted.types - self._gone()

    def types(self) -> frozenset[str] | None:
        """The types of which anything at all may be wanted; None: all types."""
        whole = self.whole_types()
        return None if whole is None else whole | {key.type for key in self.explicit_ids()}

    def explicit_ids(self) -> list[ItemKey]:
        """The items named one by one and not excluded, each once, in the order of naming."""
        return [key for key in self.wanted.keys if not self.excluded.holds(key)]

    def _gone(self) -> frozenset[str]:
        return frozenset(CONTENT_TYPES) if self.excluded.everything else self.excluded.types


@dataclass(frozen=True, slots=True)
class _Named:
    """One SPEC and where it was written, for messages; ``listed``: on a line of a list that has no header."""

    text: str
    place: str
    listed: bool = False
    deleted: bool = False


def parse_selection(
    specs: Sequence[str],
    excludes: Sequence[str],
    read_file: Callable[[str], str],
    *,
    include_deleted: bool = False,
) -> Selection:
    """The selection that these SPECs mean; ``read_file`` gets the FILE of ``@FILE``.

    Raises UsageError that names the SPEC, or file and line.
    """
    wanted = _part(specs, "--select", read_file)
    excluded = _part(excludes, "--exclude", read_file).with_deleted()
    return Selection(wanted.with_deleted() if include_deleted else wanted, excluded)


def _part(specs: Sequence[str], flag: str, read_file: Callable[[str], str]) -> SelectionSide:
    everything = False
    types: set[str] = set()
    keys: dict[ItemKey, None] = {}
    deleted: dict[ItemKey, None] = {}
    for named in _all_named(specs, flag, read_file):
        if named.text.lower() == _EVERYTHING:
            everything = True
            continue
        type_name, ids = _spec(named)
        if ids is None:
            types.add(type_name)
        else:
            (deleted if named.deleted else keys).update((ItemKey(type_name, id), None) for id in ids)
    return SelectionSide(everything, frozenset(types), keys, deleted)


def _all_named(specs: Sequence[str], flag: str, read_file: Callable[[str], str]) -> Iterator[_Named]:
    for spec in specs:
        text = spec.strip()
        if text.startswith("@"):
            yield from _listed(text[1:].strip(), flag, read_file)
        else:
            yield _Named(text, f"{flag} {spec}")


def _listed(path: str, flag: str, read_file: Callable[[str], str]) -> Iterator[_Named]:
    """The SPECs of a list. With a header ``spec,…`` it is CSV, and a row's other columns are no ids."""
    if not path:
        raise UsageError(f"{flag} @: the name of the file is missing", hint="write @FILE")
    text = read_file(path).removeprefix("\ufeff")
    count = 0
    for named in _rows(text, path) if _is_csv(text) else _lines(text, path):
        if named.text.startswith("@"):
            raise UsageError(f"{named.place}: a list cannot name another list", hint="give both on the command line")
        count += 1
        yield named
    if not count:
        raise UsageError(f"{path}: lists nothing", hint="each line is a SPEC, such as dashboard=42; # starts a comment")


def _is_csv(text: str) -> bool:
    first = next((line for line in text.splitlines() if not _blank(line)), "")
    return first.split(",")[0].strip().strip('"').lower() == _HEADER


def _blank(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _lines(text: str, path: str) -> Iterator[_Named]:
    for number, line in enumerate(text.splitlines(), start=1):
        spec = line.split("#", 1)[0].strip()
        if spec:
            yield _Named(spec, f"{path}, line {number}", listed=True)


def _rows(text: str, path: str) -> Iterator[_Named]:
    """The rows after the header. A quoted name may go over several lines."""
    reader = csv.reader(StringIO(text), strict=True)
    header: list[str] = []
    line = 1
    try:
        for columns in reader:
            spec = columns[0].strip() if columns else ""
            if spec and not spec.startswith("#"):
                if header:
                    status = dict(zip(header, columns, strict=False)).get(_STATUS)
                    yield _Named(spec, f"{path}, line {line}", deleted=status == _DELETED)
                header = header or columns
            line = reader.line_num + 1
    except csv.Error as error:
        raise UsageError(f"{path}, line {line}: is not CSV: {error}") from None


def _spec(named: _Named) -> tuple[str, list[str] | None]:
    """Type and ids of a SPEC; None for the whole type."""
    word, equals, ids = named.text.partition("=")
    if not word.strip():
        raise UsageError(f"{named.place}: no content type is named", hint="write all, TYPE, TYPE=ID[,ID...] or @FILE")
    try:
        name = content_type(word, () if equals else (_EVERYTHING,)).name
    except UsageError as error:
        raise UsageError(f"{named.place}: {error.message}", hint=error.hint) from None
    return name, _ids(ids, named) if equals else None


def _ids(text: str, named: _Named) -> list[str]:
    ids, place = [id.strip() for id in text.split(",")], named.place
    if not all(ids):
        raise UsageError(f"{place}: an id is missing", hint="write TYPE=ID[,ID...], or TYPE alone for all of them")
    odd = next((id for id in ids if named.listed and _NO_ID.search(id)), None)
    if odd is not None:
        hint = "a row of a CSV list? Keep its first line, spec,..., or its other columns would be taken for ids"
        raise UsageError(f"{place}: {odd!r} is not an id", hint=hint)
    return ids
