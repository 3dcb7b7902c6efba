"""When a failed call is repeated, and after how long.

Only a transient failure is repeated, and only where a repetition cannot take effect twice: the operation may be
repeated freely (all but creating POSTs), or it is certain that the failed try did nothing. A create with an unknown
outcome is raised at once: its caller has to look for the object first.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

import tenacity
from tenacity.stop import stop_base
from tenacity.wait import wait_base

from lrestore.errors import AnswerTimeoutError, LookerError, StoppedError

BASE_WAIT_S = 0.5
MAX_WAIT_S = 30.0
MAX_RETRY_AFTER_S = 300.0
"""A longer Retry-After is cut to this: a server cannot stop a run for more than five minutes at a time."""

Result = TypeVar("Result")
log = logging.getLogger("lrestore.looker")


def is_permanent(error: LookerError) -> bool:
    """True for a transient error that every repetition would meet: a redirect, or a certificate without trust."""
    redirected = error.status is not None and 300 <= error.status < 400
    return redirected or isinstance(error.__cause__, ssl.SSLCertVerificationError)


def worth_repeating(error: BaseException, *, repeatable: bool) -> bool:
    """Whether to repeat the call that raised ``error``. ``repeatable``: its operation may take effect twice."""
    if not isinstance(error, LookerError) or not error.transient or is_permanent(error):
        return False
    return repeatable or not error.outcome_unknown


class wait_retry_after(wait_base):  # noqa: N801 (tenacity names its strategies like functions)
    """Waits as long as the server asks for in Retry-After, up to ``max_s``; 0 if it does not ask."""

    def __init__(self, max_s: float) -> None:
        self._max_s = max_s

    def __call__(self, retry_state: tenacity.RetryCallState) -> float:
        return min(_failure(retry_state).retry_after_s or 0.0, self._max_s)


class stop_after_slow_answers(stop_base):  # noqa: N801
    """Stops when a repetition, too, gets no answer within the time-out."""

    def __call__(self, retry_state: tenacity.RetryCallState) -> bool:
        return retry_state.attempt_number > 1 and isinstance(_failure(retry_state), AnswerTimeoutError)


WAIT = wait_retry_after(MAX_RETRY_AFTER_S) + tenacity.wait_random_exponential(multiplier=BASE_WAIT_S, max=MAX_WAIT_S)
"""Retry-After is a minimum and the jitter is added to it: threads that were refused together do not return together."""


class Retries:
    """Repeats calls: exponential back-off with full jitter on top of the server's Retry-After."""

    def __init__(self, max_retries: int, pause: Callable[[float], bool], on_retry: Callable[[], None]) -> None:
        """``pause(seconds)`` waits before a repetition; it returns True, early, if the run is to stop, as
        ``threading.Event.wait`` does. ``on_retry()`` is called before each repetition.
        """
        self._pause = pause
        self._on_retry = on_retry
        self._enough = tenacity.stop_after_attempt(max_retries + 1)

    def run(self, attempt: Callable[[], Result], *, repeatable: bool, patient: bool = True) -> Result:
        """Return what ``attempt`` returns. ``patient``: repeat more than once after an answer time-out.

        Raises the last :class:`LookerError`, its ``retries`` filled in, when no repetition is left or allowed;
        :class:`StoppedError` when the run is to stop while a repetition is due: the call is then neither done nor
        failed, and its item is left for ``--resume``.
        """
        try:
            return attempt()
        except LookerError as error:
            failed = error
        return self._repeated(_After(failed, attempt), repeatable=repeatable, patient=patient)

    def _repeated(self, attempt: Callable[[], Result], *, repeatable: bool, patient: bool) -> Result:
        """A loop of tenacity is made only for a call that has failed: it costs a tenth of a call, and is full of
        references to itself, which the garbage collector has to find.
        """
        sleep = _Sleep(self._pause, self._on_retry)
        loop = tenacity.Retrying(
            retry=tenacity.retry_if_exception(partial(worth_repeating, repeatable=repeatable)),
            stop=self._enough if patient else self._enough | stop_after_slow_answers(),
            wait=WAIT,
            before_sleep=sleep.note,
            sleep=sleep,
            reraise=True,
        )
        try:
            return loop(attempt)
        except LookerError as error:
            raise error.with_context(retries=sleep.count) from error.__cause__


class _After(Generic[Result]):
    """Raises the failure of the first try, and tries again from then on."""

    def __init__(self, failed: LookerError, attempt: Callable[[], Result]) -> None:
        self._failed: LookerError | None = failed
        self._attempt = attempt

    def __call__(self) -> Result:
        if self._failed is not None:
            failed, self._failed = self._failed, None
            raise failed
        return self._attempt()


class _Sleep:
    """The interruptible ``sleep`` of one call. ``count``: how often it has been slept."""

    def __init__(self, pause: Callable[[float], bool], on_retry: Callable[[], None]) -> None:
        self.count = 0
        self._pause = pause
        self._on_retry = on_retry
        self._failure: LookerError | None = None

    def note(self, state: tenacity.RetryCallState) -> None:
        """Log the failure after which the loop is about to sleep, and keep it for an interruption."""
        self._failure = _failure(state)
        log.debug("try %d failed, next in %.1f s: %s", state.attempt_number, state.upcoming_sleep, self._failure)

    def __call__(self, seconds: float) -> None:
        """Raises StoppedError if the run is to stop."""
        if self._pause(float(seconds)):
            raise StoppedError(f"stopped while waiting to repeat a call: {self._failure}") from self._failure
        self.count += 1
        self._on_retry()


def _failure(state: tenacity.RetryCallState) -> LookerError:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, LookerError):
        raise TypeError(f"only LookerErrors are repeated, got {error!r}")
    return error
