"""Colour collections and palettes that visualisations name by id, somewhere in their free-form settings.

``color_application`` of a chart and of its conditional formatting, ``palette`` of a cell visualisation: each is a map
with ``collection_id`` and ``palette_id``. A palette of the chart's own (``custom``, ``custom_colors``) is in the map
itself, and its id names nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from lrestore.ontology.free_maps import NAMED_IN_VIS_CONFIG, OWN_PALETTE

_COLLECTION, _PALETTE = NAMED_IN_VIS_CONFIG
_NEEDLES = tuple(name.encode() for name in NAMED_IN_VIS_CONFIG)


@dataclass(frozen=True, slots=True)
class Colours:
    """The colour ids of one map; "" for an id that it lacks. ``own``: it brings a palette of its own."""

    collection: str = ""
    palette: str = ""
    own: bool = False


def may_name_colours(blob: bytes) -> bool:
    """Whether it is worth looking for colours in what a blob holds."""
    return any(needle in blob for needle in _NEEDLES)


def colours_in(value: Any) -> Iterator[Colours]:
    """Everything that names colours in a value."""
    if isinstance(value, Mapping):
        here = _named_by(value)
        if here is not None:
            yield here
        for entry in value.values():
            yield from colours_in(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from colours_in(entry)


def recoloured(value: Any, new: Callable[[Colours], Colours]) -> Any:
    """``value`` with other ids wherever it names colours; itself where nothing changes."""
    if isinstance(value, dict):
        entries = {name: recoloured(entry, new) for name, entry in value.items()}
        here = _named_by(value)
        if here is not None:
            wanted = new(here)
            entries |= {name: one for name, one in _texts(wanted).items() if one and one != value.get(name)}
        return entries if any(entries[name] is not entry for name, entry in value.items()) else value
    if isinstance(value, list):
        found = [recoloured(entry, new) for entry in value]
        return found if any(one is not other for one, other in zip(found, value, strict=True)) else value
    return value


def _named_by(value: Mapping[str, Any]) -> Colours | None:
    collection, palette = (_text(value.get(name)) for name in (_COLLECTION, _PALETTE))
    own = any(value.get(name) for name in OWN_PALETTE)
    return Colours(collection, "" if own else palette, own) if collection or (palette and not own) else None


def _texts(colours: Colours) -> dict[str, str]:
    """Only what the map names: a palette of its own keeps its id."""
    return {_COLLECTION: colours.collection, _PALETTE: colours.palette}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


class Palette(msgspec.Struct, frozen=True):
    """A palette of a collection; ``kind`` is the list in which it stands."""

    id: str
    label: str
    kind: str


class Collection(msgspec.Struct, frozen=True):
    """A colour collection as Looker lists it."""

    id: str
    label: str
    palettes: tuple[Palette, ...]


_KINDS = ("categoricalPalettes", "sequentialPalettes", "divergingPalettes")


def collection(row: Mapping[str, Any]) -> Collection:
    """A row of ``GET /color_collections``."""
    palettes = (
        Palette(str(one.get("id")), str(one.get("label") or ""), kind)
        for kind in _KINDS
        for one in row.get(kind) or ()
        if isinstance(one, Mapping) and one.get("id") is not None
    )
    return Collection(str(row.get("id")), str(row.get("label") or ""), tuple(palettes))


class KnownColours(msgspec.Struct, frozen=True):
    """The collections of both instances by id; ``source`` is empty where the instance that was backed up is not asked.

    ``unknown`` says why the destination's could not be listed.
    """

    there: dict[str, Collection] = {}
    source: dict[str, Collection] = {}
    unknown: str = ""

    def translated(self, colours: Colours) -> Colours | None:
        """The ids for the destination: known ids stay, others are found by label. None where that is not known."""
        collection = self._collection(colours.collection)
        if colours.collection and not collection:
            return None
        palette = self._palette(colours.palette, collection) if colours.palette else ""
        return None if colours.palette and not palette else Colours(collection, palette, colours.own)

    def has(self, one: str) -> bool:
        """Whether the destination has a collection or palette of that id."""
        return one in self.there or any(one == palette.id for palette in _palettes(self.there.values()))

    def _collection(self, one: str) -> str:
        if one in self.there:
            return one
        label = self.source[one].label if one in self.source else ""
        found = [other.id for other in self.there.values() if label and other.label.casefold() == label.casefold()]
        return found[0] if len(found) == 1 else ""

    def _palette(self, one: str, collection: str) -> str:
        """A palette of the same kind and label in the collection, or in the only collection that has such a one."""
        if self.has(one):
            return one
        meant = next((palette for palette in _palettes(self.source.values()) if palette.id == one), None)
        if meant is None or not meant.label:
            return ""
        among = [self.there[collection]] if collection else self.there.values()
        same = [one.id for one in _palettes(among) if (one.kind, one.label) == (meant.kind, meant.label)]
        return same[0] if len(same) == 1 else ""


def _palettes(collections: Iterable[Collection]) -> Iterator[Palette]:
    for one in collections:
        yield from one.palettes
