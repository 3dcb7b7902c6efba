"""Field values for display: on one line, without control characters, and shortened with a mark if long."""

from __future__ import annotations

from collections.abc import Sequence

from lrestore.text.storable import to_json
from lrestore.text.terminal import plain

WIDTH = 100
_LEAD = 20  # characters kept before the first difference of two long values


def value(thing: object, width: int = WIDTH) -> str:
    """A field's value as JSON, on one line of at most about ``width`` characters."""
    return excerpt(plain(to_json(thing)), 0, width)


def old_and_new(old: object, new: object, width: int = WIDTH) -> tuple[str, str]:
    """Two values as JSON. Long values are cut to the part around their first difference, so that it is visible."""
    left, right = plain(to_json(old)), plain(to_json(new))
    if len(left) <= width and len(right) <= width:
        return left, right
    start = max(0, _common_prefix(left, right) - _LEAD)
    return excerpt(left, start, width), excerpt(right, start, width)


def excerpt(text: str, start: int, width: int) -> str:
    """``width`` characters of ``text`` from ``start`` on, with the number of characters left out at either end."""
    if len(text) <= width:
        return text
    start = min(start, len(text) - width) if start else 0
    before = f"[{start} characters]…" if start else ""
    left_out = len(text) - start - width
    after = f"…[{left_out} more characters]" if left_out else ""
    return f"{before}{text[start : start + width]}{after}"


def _common_prefix(left: Sequence[str], right: Sequence[str]) -> int:
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count
