"""Compare the backed-up and the live object, field by field. Pure functions over plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import msgspec

from lrestore.content.canonical import canonical, field_types
from lrestore.json_types import JsonObject
from lrestore.messages import Change
from lrestore.ontology.nulls import empty_says_nothing

LISTS_WITHOUT_ORDER = frozenset({"permissions", "models", "allowed_db_connection_names"})
"""Lists that Looker treats as sets: it gives them back in an order of its own."""

_NONE_OR_EMPTY = frozenset({"listens_to_filters"})
"""Lists in which null and [] mean the same: no listener."""

_CONTAINERS = (dict, list)


def differing(wanted: Mapping[str, Any], live: Mapping[str, Any], model: type) -> JsonObject:
    """The part of ``wanted`` that ``live`` does not have already, both of SDK class ``model``.

    ``wanted`` names just the fields that are to hold; None means "must be unset". Values come back ready to be sent:
    as given, a nested object with what the live one has besides.
    """
    kinds = field_types(model)
    found: JsonObject = {}
    for name, theirs in zip(wanted, map(live.get, wanted), strict=True):
        value = wanted[name]
        # Nearly every field is: most are None or a text.
        if value is theirs or (type(value) is str and value == theirs) or _alike(value, theirs):
            continue
        kind = kinds.get(name, Any)
        whole = _completed(name, value, theirs, kind)
        nothing = value is None and theirs == "" and empty_says_nothing(model.__name__, name)
        if not (nothing or equal(name, whole, theirs, kind)):
            found[name] = whole
    return found


def _completed(name: str, wanted: Any, live: Any, annotation: Any) -> Any:
    """A nested object says nothing of the fields that the SDK which made the backup did not know: they stay."""
    if name == "result_maker" or not (isinstance(wanted, dict) and isinstance(live, Mapping)):
        return wanted
    if not (isinstance(annotation, type) and attrs.has(annotation)):
        return wanted
    kept = (key for key in field_types(annotation) if key not in wanted and live.get(key) is not None)
    return {**wanted, **{key: live[key] for key in kept}}


def equal(name: str, wanted: Any, live: Any, annotation: Any) -> bool:
    """Whether two values of the field ``name`` mean the same."""
    if _alike(wanted, live):
        return True
    if name == "result_maker" and isinstance(wanted, Mapping) and isinstance(live, Mapping):
        return _result_maker_equal(wanted, live, annotation)
    ours, theirs = canonical(wanted, annotation), canonical(live, annotation)
    if name in _NONE_OR_EMPTY and not ours and not theirs:
        return True
    if name in LISTS_WITHOUT_ORDER and isinstance(ours, list) and isinstance(theirs, list):
        return sorted(map(str, ours)) == sorted(map(str, theirs))
    if name == "result_maker":
        return _listens_equal(ours or {}, theirs or {})
    return same(ours, theirs)


def _result_maker_equal(wanted: Mapping[str, Any], live: Mapping[str, Any], annotation: Any) -> bool:
    """Only what ``wanted`` names counts: the rest of a result maker follows from the tile's query."""
    shown = {part: live.get(part) for part in wanted}
    if any(value is None and shown[part] is not None for part, value in wanted.items()):
        return False
    if _alike(wanted, shown):
        return True
    return _listens_equal(canonical(wanted, annotation) or {}, canonical(shown, annotation) or {})


def _alike(wanted: Any, live: Any) -> bool:
    """Nearly every field of nearly every object is, to the letter: that needs no other form to compare."""
    if type(wanted) is not type(live) or wanted != live:
        return False
    return not isinstance(wanted, _CONTAINERS) or same(wanted, live)


def same(ours: Any, theirs: Any) -> bool:
    """Deep equality in which ``True`` is not ``1`` but ``1`` is ``1.0``, as in JSON."""
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return ours is theirs
    if ours != theirs:
        return False
    if not ours or not isinstance(ours, _CONTAINERS) or to_the_letter(ours, theirs):
        return True
    return _same_inside(ours, theirs)


def to_the_letter(ours: Any, theirs: Any) -> bool:
    """Whether two values are equal in every bit. Other values may still mean the same."""
    try:
        return msgspec.msgpack.encode(ours) == msgspec.msgpack.encode(theirs)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return False


def _same_inside(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same(value, theirs[key]) for key, value in ours.items())
    return len(ours) == len(theirs) and all(map(same, ours, theirs))


def _listens_equal(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    """Whether two result makers in their canonical form are equal, the order of their listeners apart."""
    return all(
        listeners(value) == listeners(live.get(name)) if name == "filterables" else same(value, live.get(name))
        for name, value in wanted.items()
    )


def listeners(filterables: Any) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    """Which tile listens to which dashboard filter, without regard to order; entries without a listener mean nothing.

    An entry is known by its name (the source query's, in a merged query): model and view follow from the tile's query.
    """
    entries = []
    for entry in filterables or ():
        heard = tuple(
            sorted(
                (str(pair.get("dashboard_filter_name") or ""), str(pair.get("field") or ""))
                for pair in entry.get("listen") or ()
            )
        )
        if heard:
            entries.append((str(entry.get("name") or ""), heard))
    return sorted(entries)


def changes(body: Mapping[str, Any], live: Mapping[str, Any], prefix: str = "") -> tuple[Change, ...]:
    """The fields of ``body`` as changes old → new, their paths beginning with ``prefix``."""
    return tuple(
        Change(path=prefix + name, old=live.get(name), new=value)
        for name, value in body.items()
        if value is not None or live.get(name) is not None
    )
