"""Create things exactly once.

Looker has no idempotency key. So an intent is written down first, and when an answer is lost the object is *looked for*
before the call is repeated: what is there is adopted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from lrestore.errors import LookerError, StoppedError
from lrestore.json_types import JsonObject
from lrestore.messages import Intent, ItemKey
from lrestore.restoration.context import Context

FIRST_PAUSE_S = 0.5
"""A server that has just dropped a connection may still be at work on the request: give it a moment before looking."""
_LONGEST_PATIENCE_S = 120.0
"""Nothing is under way for longer: Looker, and every proxy before it, ends calls sooner."""
THERE_ALREADY = (409, 422)
"""How Looker refuses to make a second one."""


@dataclass(frozen=True, slots=True)
class Creation:
    """One object to be made: ``post`` makes it, ``look`` finds what an unanswered try has left behind.

    The mapping of the intent's item or part closes the intent.
    """

    intent: Intent
    post: Callable[[], JsonObject]
    look: Callable[[], JsonObject | None]


class _Tried(NamedTuple):
    """One try: Looker's answer or its refusal, and how long it took."""

    answer: JsonObject | LookerError
    took_s: float


def create_all(context: Context, creations: list[Creation]) -> list[JsonObject | LookerError]:
    """Make several independent objects, side by side where the context allows it.

    Each is either Looker's answer (or the adopted object) or the error that refused it. Doubtful ones are settled one
    after the other when all the others have been answered: two alike would otherwise adopt each other's object.
    """
    if not creations:
        return []
    context.journal.open_intents([creation.intent for creation in creations])
    tries = context.side_by_side([_attempt(creation) for creation in creations])
    settled: list[JsonObject | LookerError] = []
    for creation, tried in zip(creations, tries, strict=True):
        answer = tried.answer
        if isinstance(answer, LookerError) and (answer.outcome_unknown or _made_before(context, creation, answer)):
            settled.append(_settle(context, creation, answer, tried.took_s))
        else:
            settled.append(answer)
        _close(context, creation, settled[-1])
    return settled


def create_one(context: Context, creation: Creation) -> JsonObject:
    """Make one object. Raises the LookerError that refused it."""
    (answer,) = create_all(context, [creation])
    if isinstance(answer, LookerError):
        raise answer
    return answer


def after_a_death(context: Context, key: ItemKey) -> None:
    """Before an item is looked for that a process was about to create when it died: what was read for all is older
    than what that process has made.
    """
    if context.journal.in_doubt(key):
        context.live.look_anew(key.type)


def _made_before(context: Context, creation: Creation, refusal: LookerError) -> bool:
    """Whether the refusal may mean that a process which died had made the object after all."""
    return refusal.status in THERE_ALREADY and context.journal.begun(creation.intent.key)


def _attempt(creation: Creation) -> Callable[[], _Tried]:
    def attempt() -> _Tried:
        began_s = time.monotonic()
        try:
            answer: JsonObject | LookerError = creation.post()
        except LookerError as error:
            answer = error
        return _Tried(answer, time.monotonic() - began_s)

    return attempt


def _settle(context: Context, creation: Creation, error: LookerError, took_s: float) -> JsonObject | LookerError:
    """After an unanswered try: look, adopt, or try again, until the retries are used up."""
    for attempt in range(context.policy.max_retries + 1):
        found = _looked_for(context, creation, FIRST_PAUSE_S * 2**attempt, took_s)
        if found is not None:
            return found
        if attempt == context.policy.max_retries or not error.outcome_unknown:
            return error
        answer, took_s = _attempt(creation)()
        if not isinstance(answer, LookerError):
            return answer
        error = answer
        error.retries += attempt + 1
    return error


def _looked_for(context: Context, creation: Creation, pause_s: float, took_s: float) -> JsonObject | None:
    """Look, again and again for as long as the try has taken: a server that was given up after so many seconds may be
    at work for as many more.
    """
    waited_s = 0.0
    while True:
        if context.pause(pause_s):
            raise StoppedError(f"stopped while it was unknown whether {creation.intent.key} had been created")
        waited_s += pause_s
        found = creation.look()
        if found is not None or waited_s >= min(took_s, _LONGEST_PATIENCE_S):
            return found
        pause_s *= 2


def _close(context: Context, creation: Creation, answer: JsonObject | LookerError) -> None:
    if not isinstance(answer, LookerError):
        object_id = str(answer["id"] if answer.get("id") is not None else answer["name"])
        context.journal.close_intent(creation.intent, object_id)
    elif not answer.outcome_unknown:
        context.journal.drop_intent(creation.intent)


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
