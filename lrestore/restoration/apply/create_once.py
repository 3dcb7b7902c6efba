"""Creates objects exactly once.

Looker has no idempotency key. So an intent is recorded first, and if an answer is lost, the object is *looked for*
before the call is repeated: an existing object is adopted. Looker finishes a call even if its caller has ended, so the
object is not created again before the call must have ended. The waiting ends as soon as the object exists.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from lrestore.errors import LookerError, StoppedError
from lrestore.json_types import JsonObject
from lrestore.looker.http.before_send import before_each_request
from lrestore.messages import Intent, ItemKey
from lrestore.restoration.context import Context, WritingContext
from lrestore.restoration.identify.proof import proof_of

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.5
"""A server that has just dropped a connection may still be working on the request: wait a moment before looking."""
_LONGEST_PAUSE_S = 8.0
"""Pause between two searches for an object that may appear any moment."""
_LONGEST_PATIENCE_S = 120.0
"""A server that answers late gets the same time again, but not more than this."""
_RECENT = 0.05
"""The share of its time that a create may wait between being recorded and being sent."""
THERE_ALREADY = (409, 422)
"""Errors by which Looker refuses a second object."""


@dataclass(frozen=True, slots=True)
class Creation:
    """One object to create: ``post`` creates it, ``look`` finds the object of an unanswered try.

    The mapping of the intent's item or part closes the intent. ``body``: the sent fields, used for fields that the
    answer does not show.
    """

    intent: Intent
    post: Callable[[], JsonObject]
    look: Callable[[], JsonObject | None]
    body: JsonObject = field(default_factory=dict)


class _Tried(NamedTuple):
    """One try: its intent, Looker's answer or refusal, and its duration."""

    intent: Intent
    answer: JsonObject | LookerError
    took_s: float


def create_all(context: WritingContext, creations: list[Creation]) -> list[JsonObject | LookerError]:
    """Create several independent objects, concurrently if the context allows it.

    Each result is Looker's answer (or the adopted object) or the error that refused it. Creates without a usable answer
    are settled one after the other, when all others have been answered: two similar ones could otherwise adopt each
    other's object. Creates that an earlier process had begun come last.
    """
    left_s = [context.journal.may_run_s(creation.intent, context.policy.settle_s) for creation in creations]
    fresh = [creation for creation, left in zip(creations, left_s, strict=True) if left is None]
    made = dict(zip(map(id, fresh), _make(context, fresh), strict=True))
    for creation, left in zip(creations, left_s, strict=True):
        if left is not None:
            made[id(creation)] = _made_again(context, creation)
    return [made[id(creation)] for creation in creations]


def _make(context: WritingContext, creations: Sequence[Creation]) -> list[JsonObject | LookerError]:
    """Create the objects without an open create of an earlier process."""
    if not creations:
        return []
    intents = context.journal.open_intents([creation.intent for creation in creations])
    stops: list[StoppedError] = []

    def first_try(sending: _Sending) -> _Tried | None:
        """None: the run was stopped, and so was this try unless its request had left."""
        if not stops:
            try:
                return sending()
            except StoppedError as error:
                stops.append(error)
        sending.take_back()
        return None

    sendings = [_Sending(context, creation, intent) for creation, intent in zip(creations, intents, strict=True)]
    tries: list[_Tried | None] = context.side_by_side([partial(first_try, sending) for sending in sendings])
    doubtful: dict[int, _Tried] = {}
    done: dict[int, _Tried] = {}
    for number, (creation, tried) in enumerate(zip(creations, tries, strict=True)):
        if tried is None:
            continue
        if _doubtful(context, creation, tried.answer):
            doubtful[number] = tried
        else:
            _close(context, creation, tried)
            done[number] = tried
    if stops:
        raise stops[0]
    for number, tried in doubtful.items():
        done[number] = _settled(context, creations[number], tried)
    return [done[number].answer for number in range(len(creations))]


def _settled(context: WritingContext, creation: Creation, tried: _Tried, *, begun: bool = False) -> _Tried:
    """Record and return the result of a try. ``begun``: another process had tried before."""
    answer = tried.answer
    if isinstance(answer, LookerError) and _doubtful(context, creation, answer, begun=begun):
        tried = _settle(context, creation, tried, answer)
    _close(context, creation, tried)
    return tried


def _made_again(context: WritingContext, creation: Creation) -> JsonObject | LookerError:
    """Create an object that has an open create: adopt the object of that create as long as it may still appear."""
    # Asked once more: others have been waited for meanwhile.
    left_s = context.journal.may_run_s(creation.intent, context.policy.settle_s) or 0.0
    found = creation.look()
    if found is None and left_s > 0:
        log.info("creates of %s may still be running; waiting %.0f s", _named(creation.intent), left_s)
        found = _looked_for(context, creation, min(FIRST_PAUSE_S, left_s), left_s)
    if found is not None:
        _close(context, creation, _Tried(creation.intent, found, 0.0))
        return found
    (intent,) = context.journal.open_intents([creation.intent])
    return _settled(context, creation, _Sending(context, creation, intent)(), begun=True).answer


def _named(intent: Intent) -> str:
    """A readable name of the item, and of its part."""
    item = f"{intent.key.type} {intent.key.id}"
    return f"{intent.mapped_by[0]} {intent.mapped_by[1]} of {item}" if intent.part else item


def create_one(context: WritingContext, creation: Creation) -> JsonObject:
    """Create one object. Raises the LookerError that refused it."""
    (answer,) = create_all(context, [creation])
    if isinstance(answer, LookerError):
        raise answer
    return answer


def after_a_death(context: Context, key: ItemKey) -> None:
    """Drop cached listings before looking for an item whose process died during its create: they are older."""
    if context.records.in_doubt(key):
        context.destination.live.look_anew(key.type)


def _doubtful(
    context: WritingContext, creation: Creation, answer: JsonObject | LookerError, *, begun: bool = False
) -> bool:
    """Whether the object may be there although this is not the answer that says so. A refusal may mean that a process
    which died had made it after all; of a part, that its request was sent twice on its way. An item that is refused is
    planned again.
    """
    if not isinstance(answer, LookerError):
        return False
    sent_twice = creation.intent.part != "" and answer.is_clash
    refused = answer.status in THERE_ALREADY and (begun or context.journal.begun(creation.intent.key))
    return answer.outcome_unknown or refused or sent_twice


class _Sending:
    """A try under way. On record is when it was recorded last; where that was long before the request leaves (others
    went first, Looker's rate limit was waited for), it is recorded again, or a later process would wait too short.
    """

    def __init__(self, context: WritingContext, creation: Creation, intent: Intent) -> None:
        """``intent`` is on record since now."""
        self._context = context
        self._creation = creation
        self._recorded_s = self._left_s = time.monotonic()
        self._has_left = False
        self.intent = intent

    def take_back(self) -> None:
        """The run is stopped. If the request has not left, as when ``--max-calls`` is used up, no call can have made
        the object, and the next run need not look for it.
        """
        if not self._has_left:
            self._context.journal.drop_intent(self.intent)

    def leaves(self) -> None:
        """The request is about to leave; what has left before was surely not acted upon."""
        if time.monotonic() - self._recorded_s > self._context.policy.settle_s * _RECENT:
            self._context.journal.drop_intent(self.intent)
            (self.intent,) = self._context.journal.open_intents([self._creation.intent])
            self._recorded_s = time.monotonic()
        self._left_s = time.monotonic()
        self._has_left = True

    def __call__(self) -> _Tried:
        try:
            with before_each_request(self.leaves):
                answer: JsonObject | LookerError = self._creation.post()
        except LookerError as error:
            answer = error
        return _Tried(self.intent, answer, time.monotonic() - self._left_s)


def _settle(context: WritingContext, creation: Creation, tried: _Tried, error: LookerError) -> _Tried:
    """After an unanswered try: look for the object, adopt it, or try again, until the retries are used up."""
    for attempt in range(context.policy.max_retries + 1):
        patience_s = _patience_s(context, error, tried.took_s)
        found = _looked_for(context, creation, FIRST_PAUSE_S * 2**attempt, patience_s)
        if found is not None:
            return tried._replace(answer=found)
        if attempt == context.policy.max_retries or not error.outcome_unknown:
            return tried._replace(answer=error)
        (intent,) = context.journal.open_intents([creation.intent])
        tried = _Sending(context, creation, intent)()
        if not isinstance(tried.answer, LookerError):
            return tried
        error = tried.answer.with_context(retries=tried.answer.retries + attempt + 1)
        tried = tried._replace(answer=error)
    return tried


def _patience_s(context: WritingContext, error: LookerError, took_s: float) -> float:
    """How long to look for what a try may have made: a server that was given up after so many seconds may be at work
    for as many more, and any call that Looker itself has not ended, until its time is over.
    """
    again_s = min(took_s, _LONGEST_PATIENCE_S)
    return max(again_s, context.policy.settle_s - took_s) if error.may_take_effect_later else again_s


def _looked_for(context: WritingContext, creation: Creation, pause_s: float, patience_s: float) -> JsonObject | None:
    """Look repeatedly, with pauses, until the object exists or the time is up."""
    waited_s = 0.0
    while True:
        if context.pause(pause_s):
            raise StoppedError(f"stopped while it was unknown whether {creation.intent.key} had been created")
        waited_s += pause_s
        found = creation.look()
        if found is not None or waited_s >= patience_s:
            return found
        pause_s = min(pause_s * 2, max(pause_s, _LONGEST_PAUSE_S), patience_s - waited_s)


def _close(context: WritingContext, creation: Creation, tried: _Tried) -> None:
    answer = tried.answer
    if not isinstance(answer, LookerError):
        object_id = str(answer["id"] if answer.get("id") is not None else answer["name"])
        kind, _ = tried.intent.mapped_by
        context.journal.close_intent(tried.intent, object_id, proof_of(kind, {**creation.body, **answer}))
    elif not answer.outcome_unknown:
        context.journal.drop_intent(tried.intent)


def do_once(context: WritingContext, act: Callable[[], object], is_done: Callable[[], bool]) -> None:
    """Do ``act``, unless ``is_done`` after an unclear end. Raises the LookerError that refused it."""
    for attempt in range(context.policy.max_retries + 1):
        try:
            act()
        except LookerError as error:
            if error.outcome_unknown and context.pause(FIRST_PAUSE_S * 2**attempt):
                raise StoppedError("stopped while the result of a call was unknown") from error
            if (error.outcome_unknown or error.status in THERE_ALREADY) and is_done():
                return
            if not error.outcome_unknown or attempt == context.policy.max_retries:
                raise
        else:
            return
