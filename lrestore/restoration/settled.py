"""Calls that make something of which there can be just one: nothing needs to be written down to do them once.

A membership, a user's e-mail login: whether doing it twice is an error is nowhere said, so where the end is unclear it
is looked at before it is tried again. The next run looks as well, since what is there already does not differ.
"""

from __future__ import annotations

from collections.abc import Callable

from lrestore.errors import LookerError, StoppedError
from lrestore.restoration.context import Context
from lrestore.restoration.create import FIRST_PAUSE_S, THERE_ALREADY


def settled(context: Context, act: Callable[[], object], is_done: Callable[[], bool]) -> None:
    """Do ``act``, unless ``is_done`` after an unclear end. Raises the LookerError that refused it."""
    for attempt in range(context.policy.max_retries + 1):
        try:
            act()
        except LookerError as error:
            if error.outcome_unknown and context.pause(FIRST_PAUSE_S * 2**attempt):
                raise StoppedError("stopped while it was unknown what had become of a call") from error
            if (error.outcome_unknown or error.status in THERE_ALREADY) and is_done():
                return
            if not error.outcome_unknown or attempt == context.policy.max_retries:
                raise
        else:
            return
