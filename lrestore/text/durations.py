"""Durations as people write them: ``2h``, ``90s``, ``1h30m``."""

from __future__ import annotations

import re

_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[dhms])+", re.IGNORECASE)
_PART = re.compile(r"(\d+(?:\.\d+)?)([dhms])", re.IGNORECASE)


def seconds_of(text: str) -> float | None:
    """The seconds that a duration says; None for what is no duration."""
    if not _DURATION.fullmatch(text):
        return None
    return sum(float(number) * _SECONDS[unit.lower()] for number, unit in _PART.findall(text))
