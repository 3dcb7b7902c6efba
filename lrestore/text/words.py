"""Numbers and long listings in sentences."""

from __future__ import annotations

import difflib
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
