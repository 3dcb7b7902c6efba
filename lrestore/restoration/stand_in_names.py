"""Temporary names, and replacements for names that are taken."""

from __future__ import annotations

import hashlib
import string

from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey

TEMPORARY = r" \(being restored ([^()]+)\)$"
"""The end of a temporary title, with the id of the item."""


def temporary_title(title: str, object_id: str) -> str:
    """The temporary title of an item: always the same, so that a later run finds it."""
    return f"{title} (being restored {object_id})"


_ALPHABET = string.ascii_letters + string.digits

_LENGTH = 22
"""As long as Looker's own."""


def generated_slug(key: ItemKey, raw: JsonObject) -> str:
    """The slug that the backed-up dashboard gets where it cannot have its own."""
    seed = "\n".join(str(one) for one in (key, raw.get("slug"), raw.get("created_at"), raw.get("title")))
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest(), "big")
    letters = []
    for _ in range(_LENGTH):
        number, place = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[place])
    return "".join(letters)
