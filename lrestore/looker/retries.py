"""When a failed call is repeated, and after how long.

Only what is transient, and of those only what cannot happen twice: an operation that may be repeated freely (all but
creating POSTs), or a failure after which it is certain that nothing was done. A create whose outcome nobody knows is
raised at once: whoever called has to look first.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import tenacity

from lrestore.errors import AnswerTimeoutError, LookerError, StoppedError

BASE_WAIT_S = 0.5
MAX_WAIT_S = 30.0
MAX_RETRY_AFTER_S = 300.0
"""A longer Retry-After is cut to this: five minutes of silence is all that a run takes on one server's word."""

Answer = TypeVar("Answer")
log = logging.getLogger("lrestore.looker")


def comes_again(error: LookerError) -> bool:
    """True for what counts as transient and is not: a redirect, or a certificate that is not trusted."""
    redirected = error.status is not None and 300 <= error.status < 400
    return redirected or isinstance(error.__cause__, ssl.SSLCertVerificationError)


def worth_repeating(error: BaseException, *, repeatable: bool) -> bool:
    """Whether the call that raised ``error`` is to be made again, given whether its operation may happen twice."""
    if not isinstance(error, LookerError) or not error.transient or comes_again(error):
        return False
    return repeatable or not error.outcome_unknown


class Retries:
    """Repeats calls: exponential back-off with full jitter; Retry-After is a minimum, the jitter comes on top.

    On top, because otherwise all threads that were refused together would come back together.
    """

    def __init__(self, max_retries: int, pause: Callable[[float], bool], on_retry: Callable[[], None]) -> None:
        """``pause(seconds)`` waits and says whether the run is to stop, as ``threading.Event.wait`` does."""
        self._pause = pause
        self._on_retry = on_retry
        self._jitter = tenacity.wait_random_exponential(multiplier=BASE_WAIT_S, max=MAX_WAIT_S)
        self._loops = {
            (repeatable, patient): self._loop(max_retries + 1, repeatable=repeatable, patient=patient)
            for repeatable in (True, False)
            for patient in (True, False)
        }

    def run(self, attempt: Callable[[], Answer], *, repeatable: bool, patient: bool = True) -> Answer:
        """Return what ``attempt`` returns. ``patient``: a call that has taken too long may be made more than twice.

        Raises the last :class:`LookerError`, its ``retries`` filled in, when no repetition is left or allowed;
        :class:`StoppedError` when the run is to stop while a repetition is due: the call is then neither done nor
        failed, and its item is to be left for ``--resume``.
        """
        try:
            return attempt()
        except LookerError as error:
            return self._again(attempt, error, self._loops[repeatable, patient])

    def _again(self, attempt: Callable[[], Answer], error: LookerError, loop: tenacity.Retrying) -> Answer:
        """Go on after the first try, which most calls need no second of, and so none of what counts and waits."""
        first = [error]

        def again() -> Answer:
            if first:
                raise first.pop()
            return attempt()

        try:
            return loop(again)
        except LookerError as last:
            last.retries = int(loop.statistics["attempt_number"]) - 1
            raise

    def _loop(self, max_tries: int, *, repeatable: bool, patient: bool) -> tenacity.Retrying:
        enough = tenacity.stop_after_attempt(max_tries)
        return tenacity.Retrying(
            stop=lambda state: enough(state) or (not patient and _too_slow(state)),
            wait=self._wait_s,
            retry=tenacity.retry_if_exception(partial(worth_repeating, repeatable=repeatable)),
            before_sleep=self._wait,
            sleep=_already_waited,
            reraise=True,
        )

    def _wait_s(self, state: tenacity.RetryCallState) -> float:
        error = _failure(state)
        return min(error.retry_after_s or 0.0, MAX_RETRY_AFTER_S) + self._jitter(state)

    def _wait(self, state: tenacity.RetryCallState) -> None:
        error = _failure(state)
        wait_s = state.upcoming_sleep
        log.debug("try %d failed, next in %.1f s: %s", state.attempt_number, wait_s, error)
        if self._pause(wait_s):
            raise StoppedError(f"stopped while waiting to repeat a call: {error}") from error
        self._on_retry()


def _failure(state: tenacity.RetryCallState) -> LookerError:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, LookerError):
        raise TypeError(f"only LookerErrors are repeated, got {error!r}")
    return error


def _too_slow(state: tenacity.RetryCallState) -> bool:
    return state.attempt_number > 1 and isinstance(_failure(state), AnswerTimeoutError)


def _already_waited(seconds: float) -> None:
    """The pause is made before, where the failure is known: see ``Retries._wait``."""
