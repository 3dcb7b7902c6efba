"""The DATE of ``--as-of``: up to which moment a backup may have been made."""

from __future__ import annotations

import contextlib
import re
from datetime import date, datetime, timedelta
from typing import Final

from lrestore.filters import parse_date

_OFFSET: Final = re.compile(r"(Z|[+-]\d\d(:?\d\d){0,2}(\.\d+)?)$", re.IGNORECASE)
_UNITS: Final = {2: timedelta(hours=1), 4: timedelta(minutes=1), 6: timedelta(seconds=1)}
"""The unit of a time of day with so many digits."""
_TICK: Final = timedelta(microseconds=1)


def last_moment(text: str) -> datetime:
    """The last moment of a DATE: of ``2026-11-23`` the end of that day, of ``2026-11-23T10:05`` that of the minute.

    Backups are listed with seconds, so that a listed time, given as DATE, means the backup that it was listed for.
    Raises UsageError for a text that is no date.
    """
    begin = parse_date(text)
    return begin + _unit(text.strip()) - _TICK


def _unit(text: str) -> timedelta:
    with contextlib.suppress(ValueError):
        date.fromisoformat(text)
        return timedelta(days=1)
    clock = _OFFSET.sub("", re.split(r"[T ]", text, maxsplit=1)[-1])
    whole, _, fraction = clock.replace(",", ".").partition(".")
    if fraction:
        return timedelta(seconds=10 ** -min(len(fraction), 6))
    return _UNITS.get(sum(map(str.isdigit, whole)), _TICK)
