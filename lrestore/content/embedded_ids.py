"""Ids that Looker shows only inside embedded objects: ``permission_set_id`` is the id in ``permission_set``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lrestore.json_types import JsonObject


def embedded_id(obj: Mapping[str, Any], name: str) -> str | None:
    """The id ``name`` from the object that is embedded for it; None where there is none."""
    shown = obj.get(name.removesuffix("_id"))
    return str(shown["id"]) if isinstance(shown, Mapping) and shown.get("id") is not None else None


def with_embedded_ids(obj: Mapping[str, Any], names: Iterable[str]) -> JsonObject:
    """``obj`` with those ids among ``names`` that it does not show itself."""
    return {**obj, **{name: embedded_id(obj, name) for name in names if obj.get(name) is None}}
