"""The strategies of which the repetition of calls is made."""

from __future__ import annotations

import contextlib

import pytest

from lrestore.errors import AnswerTimeoutError, ConnectError, LookerError, RateLimitedError, StoppedError
from lrestore.looker.retries import MAX_RETRY_AFTER_S, MAX_WAIT_S, Retries

SLOW = AnswerTimeoutError("no answer")


class Server:
    """Raises errors, one a call, then answers."""

    def __init__(self, *errors: LookerError) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


class Pause:
    """Writes waits down; returns True, for a run that is to stop, at wait number ``stop_at``."""

    def __init__(self, stop_at: int = 0) -> None:
        self.waits: list[float] = []
        self._stop_at = stop_at

    def __call__(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return len(self.waits) == self._stop_at


def test_success_needs_no_wait() -> None:
    pause = Pause()
    assert Retries(5, pause, lambda: None).run(Server(), repeatable=True) == "answer"
    assert pause.waits == []


def test_retry_after_is_a_capped_minimum() -> None:
    pause = Pause()
    server = Server(RateLimitedError("1", retry_after_s=7.0), RateLimitedError("2", retry_after_s=9e9))
    Retries(5, pause, lambda: None).run(server, repeatable=False)
    assert 7.0 <= pause.waits[0] <= 7.0 + MAX_WAIT_S
    assert MAX_RETRY_AFTER_S <= pause.waits[1] <= MAX_RETRY_AFTER_S + MAX_WAIT_S


def test_last_error_counts_repetitions() -> None:
    counted: list[None] = []
    server = Server(*(ConnectError(str(number)) for number in range(9)))
    with pytest.raises(ConnectError, match=r"^3$") as caught:
        Retries(3, Pause(), lambda: counted.append(None)).run(server, repeatable=False)
    assert (server.calls, caught.value.retries, len(counted)) == (4, 3, 3)


@pytest.mark.parametrize(("repeatable", "calls"), [(True, 2), (False, 1)])
def test_unknown_outcome_is_repeated_only_if_repeatable(repeatable: bool, calls: int) -> None:
    server = Server(SLOW)
    with contextlib.suppress(AnswerTimeoutError):
        Retries(5, Pause(), lambda: None).run(server, repeatable=repeatable)
    assert server.calls == calls


def test_impatient_call_stops_after_the_second_slow_answer() -> None:
    server = Server(*[SLOW] * 5)
    with pytest.raises(AnswerTimeoutError) as caught:
        Retries(5, Pause(), lambda: None).run(server, repeatable=True, patient=False)
    assert (server.calls, caught.value.retries) == (2, 1)


def test_stop_during_a_wait_names_the_failure_and_sends_nothing() -> None:
    counted: list[None] = []
    server = Server(ConnectError("first"), ConnectError("second"))
    with pytest.raises(StoppedError, match="second"):
        Retries(5, Pause(stop_at=2), lambda: counted.append(None)).run(server, repeatable=True)
    assert (server.calls, len(counted)) == (2, 1)
