"""Counts calls by operation and activity, by which Looker licenses them, and the bytes on the wire."""

from __future__ import annotations

import threading
from typing import TypeVar

import msgspec

_Number = TypeVar("_Number", int, float)


class ApiUsage(msgspec.Struct, frozen=True):
    """The use of the API by a process or, added up, by a run.

    ``calls`` are requests that went out, repeated ones included; ``by_activity`` has the keys of the specification's
    ``x-looker-activity-type``. Bytes are those of HTTP, heads included, without what TLS adds.
    ``answers`` and ``answer_s``, by operation, are the answers and their time, refusals for the rate apart.
    """

    calls: int = 0
    by_operation: dict[str, int] = {}
    by_activity: dict[str, int] = {}
    retries: int = 0
    rate_limited: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    answers: dict[str, int] = {}
    answer_s: dict[str, float] = {}

    @property
    def latency_ms(self) -> float:
        """The mean time of an answer; 0 without any."""
        count = sum(self.answers.values())
        return round(sum(self.answer_s.values()) / count * 1000, 3) if count else 0.0

    @property
    def latencies_ms(self) -> dict[str, float]:
        """The same by operation."""
        return {name: round(self.answer_s[name] / count * 1000, 3) for name, count in self.answers.items()}

    def __add__(self, other: ApiUsage) -> ApiUsage:
        return ApiUsage(
            calls=self.calls + other.calls,
            by_operation=_added(self.by_operation, other.by_operation),
            by_activity=_added(self.by_activity, other.by_activity),
            retries=self.retries + other.retries,
            rate_limited=self.rate_limited + other.rate_limited,
            bytes_sent=self.bytes_sent + other.bytes_sent,
            bytes_received=self.bytes_received + other.bytes_received,
            answers=_added(self.answers, other.answers),
            answer_s=_added(self.answer_s, other.answer_s),
        )


def _added(left: dict[str, _Number], right: dict[str, _Number]) -> dict[str, _Number]:
    return {key: left.get(key, 0) + right.get(key, 0) for key in left | right}


class CallMeter:
    """Counts for all threads of a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_operation: dict[str, int] = {}
        self._by_activity: dict[str, int] = {}
        self._retries = 0
        self._rate_limited = 0
        self._bytes_sent = 0
        self._bytes_received = 0
        self._answers: dict[str, int] = {}
        self._answer_s: dict[str, float] = {}

    def called(self, operation: str, activity: str, sent_bytes: int, received_bytes: int) -> None:
        """One request went out; so many bytes were sent, and received in answer."""
        with self._lock:
            self._by_operation[operation] = self._by_operation.get(operation, 0) + 1
            self._by_activity[activity] = self._by_activity.get(activity, 0) + 1
            self._bytes_sent += sent_bytes
            self._bytes_received += received_bytes

    def retried(self) -> None:
        with self._lock:
            self._retries += 1

    def answered(self, operation: str, latency_s: float) -> None:
        """A call was answered after this time."""
        with self._lock:
            self._answers[operation] = self._answers.get(operation, 0) + 1
            self._answer_s[operation] = self._answer_s.get(operation, 0.0) + latency_s

    def refused_for_rate(self) -> None:
        with self._lock:
            self._rate_limited += 1

    def snapshot(self) -> ApiUsage:
        """The counts so far; later calls do not change it."""
        with self._lock:
            return ApiUsage(
                calls=sum(self._by_operation.values()),
                by_operation=dict(self._by_operation),
                by_activity=dict(self._by_activity),
                retries=self._retries,
                rate_limited=self._rate_limited,
                bytes_sent=self._bytes_sent,
                bytes_received=self._bytes_received,
                answers=dict(self._answers),
                answer_s=dict(self._answer_s),
            )
