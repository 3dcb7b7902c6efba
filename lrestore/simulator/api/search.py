"""Matching, sorting and paging of the search operations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from lrestore.simulator.core.refusal import FieldRefusal, RefusedError, invalid
from lrestore.simulator.core.store import Record, Table

_PAGING = frozenset({"limit", "offset", "sorts", "fields", "filter_or", "page", "per_page"})


@lru_cache(maxsize=1024)
def like(pattern: str) -> re.Pattern[str]:
    """SQL LIKE, regardless of case: ``%`` any text, ``_`` any character, a backslash escapes the next character."""
    out: list[str] = []
    position = 0
    while position < len(pattern):
        char = pattern[position]
        if char == "\\" and position + 1 < len(pattern):
            position += 1
            out.append(re.escape(pattern[position]))
        else:
            out.append({"%": ".*", "_": "."}.get(char) or re.escape(char))
        position += 1
    return re.compile("".join(out), re.IGNORECASE | re.DOTALL)


def is_plain(pattern: str) -> bool:
    """Whether the text has no wildcard."""
    return not any(char in pattern for char in "%_\\")


def matches(value: object, wanted: str, name: str) -> bool:
    """Whether a record's field matches a search parameter. Ids may be lists such as ``1,2,3``."""
    if wanted in ("IS NULL", "NOT NULL"):
        return (value is None) == (wanted == "IS NULL")
    if value is None:
        return False
    if isinstance(value, bool):
        return wanted.lower() == ("true" if value else "false")
    if name == "id" or name.endswith("_id"):
        return str(value) in [part.strip() for part in wanted.split(",")]
    texts = value if isinstance(value, list) else [value]
    return any(like(wanted).fullmatch(str(text)) for text in texts)


def filters_of(query: Mapping[str, str]) -> dict[str, str]:
    """The parameters that select records, not those that shape the answer."""
    return {name: value for name, value in query.items() if name not in _PAGING}


def find(table: Table, query: Mapping[str, str], special: Mapping[str, Callable[[Record, str], bool]]) -> list[Record]:
    """Records that satisfy all filters of the query (any of them with ``filter_or=true``).

    *special* decides for parameters that are not plain fields.
    """
    wanted = filters_of(query)
    if not wanted:
        return list(table)
    tests = [(name, text, special.get(name)) for name, text in wanted.items()]
    combine = any if query.get("filter_or") == "true" else all
    rows = list(table) if combine is any else _candidates(table, wanted)
    return [
        row
        for row in rows
        if combine(test(row, text) if test else matches(row.get(name), text, name) for name, text, test in tests)
    ]


def _candidates(table: Table, wanted: Mapping[str, str]) -> Iterable[Record]:
    if "id" in wanted:
        keys = [part.strip() for part in wanted["id"].split(",")]
        return [record for record in map(table.get, dict.fromkeys(keys)) if record is not None]
    for name, text in wanted.items():
        if not table.indexed(name) or text in ("IS NULL", "NOT NULL"):
            continue
        if name.endswith("_id"):
            return [row for part in dict.fromkeys(text.split(",")) for row in table.where(name, part.strip())]
        if is_plain(text):
            return table.where(name, text)
    return list(table)


def sort(rows: list[Record], sorts: str, known: Iterable[str]) -> list[Record]:
    """Sort by ``title desc, id``; by id without sorts. Raises RefusedError 422 for an unknown field."""
    allowed = set(known)
    for term in reversed(
        [part.split() for part in (sorts or ("id" if "id" in known else "")).split(",") if part.strip()]
    ):
        name, descending = term[0], len(term) > 1 and term[1].lower().startswith("desc")
        if name not in allowed:
            raise bad_parameter("sorts", f"cannot sort by {name}")
        rows = sorted(rows, key=lambda row: _sort_key(row.get(name)), reverse=descending)
    return rows


def _sort_key(value: Any) -> tuple[int, float, str]:
    if value is None:
        return (0, 0.0, "")
    if isinstance(value, (bool, int, float)):
        return (1, float(value), "")
    text = str(value)
    return (1, float(text), text) if text.isascii() and text.isdecimal() else (2, 0.0, text.casefold())


def page(rows: list[Record], query: Mapping[str, str], cap: int) -> list[Record]:
    """The page of ``limit`` and ``offset``, at most *cap* records (0: no cap)."""
    limit, offset = _whole(query, "limit"), _whole(query, "offset") or 0
    size = min(x for x in (limit, cap or None, len(rows)) if x is not None)
    return rows[offset : offset + size]


def _whole(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    if not text.isdecimal():
        raise bad_parameter(name, f"{name} must be a whole number")
    return int(text)


def bad_parameter(name: str, why: str) -> RefusedError:
    """422 for a query parameter."""
    return invalid(FieldRefusal(name, "invalid", why))
