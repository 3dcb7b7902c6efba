"""Numbers, sizes, durations and long listings as people write them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence


def counted(count: int, one: str, many: str = "") -> str:
    """``1 item``, ``2 items``, ``2 retries``."""
    return f"1 {one}" if count == 1 else f"{count} {many or one + 's'}"


def shortened(names: Sequence[str], most: int, *, separator: str = ", ", last: str = " and ") -> str:
    """The first ``most`` names: ``a, b and 3 more``. ``last`` comes before the number of the rest."""
    more = f"{last}{len(names) - most} more" if len(names) > most else ""
    return separator.join(names[:most]) + more


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean 'dashboard'?`` with the known word that is nearest to a mistyped one; "" if none is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean {near[0]!r}?" if near else ""


def size(count: int) -> str:
    """``512 B``, ``12.3 KiB``."""
    amount = float(count)
    for unit in ("B", "KiB", "MiB"):
        if amount < 1024:
            return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"


_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[dhms])+", re.IGNORECASE)
_PART = re.compile(r"(\d+(?:\.\d+)?)([dhms])", re.IGNORECASE)


def seconds_of(text: str) -> float | None:
    """The seconds of a duration such as ``1h30m``; None for other texts."""
    if not _DURATION.fullmatch(text):
        return None
    return sum(float(number) * _SECONDS[unit.lower()] for number, unit in _PART.findall(text))


def duration(seconds: float) -> str:
    """``0.42 s``, ``12.3 s``, ``4 min 05 s``, ``2 h 03 min``."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest_s = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest_s:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
