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


def nearest(word: str, known: Iterable[str], *, likeness: float = 0.6) -> str:
    """The known word that a mistyped one means: the only one that begins with it, or else the most similar one, in any
    case of letters; "" if none is at least so similar (0: nothing in common, 1: equal).
    """
    words = {name.casefold(): name for name in known}
    typed = word.casefold()
    longer = [name for name in words if typed and name.startswith(typed)]
    near = longer if len(longer) == 1 else difflib.get_close_matches(typed, words, n=1, cutoff=likeness)
    return words[near[0]] if near else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean 'dashboard'?`` with the nearest known word; "" if none is near."""
    near = nearest(word, known)
    return f"did you mean {near!r}?" if near else ""


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
