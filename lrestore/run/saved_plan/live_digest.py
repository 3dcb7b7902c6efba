"""The digest of a live object: of the fields that a restore compares, its own and its parts'.

It leaves out counters and times that change by themselves, read-only facts, and the memberships of users and groups.
Other items of the same plan may change memberships (a role that is given to a group); a changed membership shows in the
writes that it needs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from lrestore.content.comparable import portions
from lrestore.json_types import JsonObject
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.schema import ContentType
from lrestore.run.saved_plan.model import Observed

_FIELD_DIGITS = 12


def digests_of(type_name: str, live: JsonObject) -> Observed:
    """The digests of the fields of ``live``."""
    entry = CONTENT_TYPES[type_name]
    found = {path: _digest(value)[:_FIELD_DIGITS] for path, value in _values(entry, live)}
    return Observed(_digest(sorted(found.items())), found)


def changed_paths(before: Observed, now: Observed) -> list[str]:
    """The paths of the fields that differ."""
    if before.digest == now.digest:
        return []
    paths = dict.fromkeys((*before.fields, *now.fields))
    return [path for path in paths if before.fields.get(path) != now.fields.get(path)]


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _values(entry: ContentType, live: JsonObject) -> Iterator[tuple[str, Any]]:
    for portion in portions(entry, live):
        prefix = f"{portion.place}." if portion.place else ""
        yield from ((prefix + name, value) for name, value in portion.values.items())
