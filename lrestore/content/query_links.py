"""Links to queries in free text: ``/x/SLUG``, ``/explore/…?qid=SLUG``, ``/merge?mid=ID``. Pure functions.

What they name exists in one instance alone, and no call makes a query under a given slug: they can be found, not
translated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_SLASH = r"(?:\\{0,4}/|%2[Ff])"
_LONGEST_PATH = 500
_LINK = re.compile(
    rf"(?:(?:https?:)?{_SLASH}{_SLASH}(?P<host>[\w.-]+)(?:(?::|%3[Aa])\d+)?|(?<![\w.\-/]))"
    rf"{_SLASH}(?:embed{_SLASH})?"
    rf"(?:x{_SLASH}\w{{4,64}}|(?:explore{_SLASH}|merge)[^\s\"'<>()]{{0,{_LONGEST_PATH}}}?"
    r"(?:[?&]|%3[Ff]|%26|\\u0026)(?:qid|mid)(?:=|%3[Dd])[\w-]{1,64})",
    re.ASCII,
)
_NEEDLES = (b"/x/", b"/x\\", b"%2Fx%2F", b"%2fx%2f", b"qid", b"mid")


@dataclass(frozen=True, slots=True)
class QueryLink:
    """One link as it stands in the text; ``host`` is "" for a relative one."""

    text: str
    host: str


def may_hold_query_links(blob: bytes) -> bool:
    """Whether it is worth looking for such links in what a blob holds."""
    return any(needle in blob for needle in _NEEDLES)


def query_links(value: Any) -> Iterator[QueryLink]:
    """Every such link in a text, or in whatever holds texts."""
    if isinstance(value, str):
        for match in _LINK.finditer(value):
            yield QueryLink(match[0], (match["host"] or "").casefold())
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from query_links(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from query_links(entry)
