"""Types of flags for argparse: each converts text to a value, or raises ArgumentTypeError with a sentence."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError

from lrestore.text.words import did_you_mean, seconds_of

_LIMIT = re.compile(r"(\d+)|(\d+(?:\.\d+)?)%")

_TAKEN = (0, 2, 3, 4)
"""Exit codes of other outcomes."""
_LAST_CODE = 125
"""From 126 on, shells say how a command ended: not found, killed by a signal."""

SHOWN = ("sessions", "session", "diff", "dead-letters", "mappings", "unmapped", "source", "history", "changes")
_NEEDS_ARGUMENT = {"history": "history=dashboard=42", "changes": "changes=2026-11-01..2026-11-23"}
_WITH_ARGUMENT = frozenset({"session", "diff", "dead-letters", "mappings", "unmapped", *_NEEDS_ARGUMENT})


def duration_s(text: str) -> float:
    """``2h``, ``90s``, ``1h30m`` as seconds, more than 0."""
    seconds = seconds_of(text)
    if seconds is None:
        raise ArgumentTypeError(f"{text!r} is not a duration: write it like 2h, 90s or 1h30m")
    if seconds <= 0:
        raise ArgumentTypeError("a duration must be greater than zero")
    return seconds


def failures_limit(text: str) -> str:
    """``20`` or ``5%``, as in the setting ``[run] max_failures``."""
    match = _LIMIT.fullmatch(text)
    if not match:
        raise ArgumentTypeError(f"{text!r} is neither a number of items (20) nor a percentage (5%)")
    if match[2] and float(match[2]) > 100:
        raise ArgumentTypeError(f"{text} is more than 100%")
    return text


def at_least_one(text: str) -> int:
    """A whole number of at least 1."""
    if not (text.isdecimal() and int(text) >= 1):
        raise ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def zero_or_more(text: str) -> int:
    """A whole number of at least 0."""
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)


def per_second(text: str) -> float:
    """A rate in calls per second; 0 means that it is measured."""
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate < float("inf"):
        raise ArgumentTypeError(f"{text!r} is not a number of calls per second")
    return rate


def milliseconds(text: str) -> float:
    """A time in milliseconds, 0 or more."""
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        raise ArgumentTypeError(f"{text!r} is not a number of milliseconds")
    return found


def drift_code(text: str) -> int:
    """An exit code for differences: none that says something else, to lrestore's users or to a shell."""
    code = int(text) if text.isdecimal() else -1
    if code in _TAKEN or not 1 <= code <= _LAST_CODE:
        raise ArgumentTypeError(
            f"{text!r} cannot be the exit code of differences: choose 1 or a number from 5 to {_LAST_CODE}"
        )
    return code


def shown(text: str) -> str:
    """A value of ``--show``; some take an argument: ``session=20261123-104500-ab12``."""
    what, equals, argument = text.partition("=")
    if what not in SHOWN:
        meant = did_you_mean(what, SHOWN)
        hint = f"; {meant}" if meant else ""
        raise ArgumentTypeError(f"{text!r} cannot be shown: choose from {', '.join(SHOWN)}{hint}")
    if equals and (what not in _WITH_ARGUMENT or not argument):
        wrong = f"{what} takes no value" if argument else "a value is missing after ="
        raise ArgumentTypeError(f"{text!r}: {wrong}")
    if what in _NEEDS_ARGUMENT and not argument:
        raise ArgumentTypeError(f"{text!r}: write it like {_NEEDS_ARGUMENT[what]}")
    return text
