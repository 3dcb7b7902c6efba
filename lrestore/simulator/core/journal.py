"""The log of a simulated instance: every call, counts by operation, and incidents."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

import msgspec

from lrestore.json_types import JsonObject

KEPT_CALLS = 200_000
"""The number of calls whose details are kept; the counts have no bound."""


class LoggedCall(msgspec.Struct, kw_only=True):
    """One call. ``status`` is None while it runs, and if the connection was cut without an answer.

    ``ignored``: read-only fields that the body carried; Looker drops them, and a careful client does not send them.
    """

    seq: int
    at_s: float
    method: str
    path: str
    operation: str = ""
    template: str = ""
    status: int | None = None
    query: dict[str, str] = {}
    body_keys: list[str] = []
    ignored: list[str] = []
    fault: str = ""
    body: Any = None
    duration_s: float = 0.0


class Incident(msgspec.Struct, kw_only=True):
    """A loss that no answer shows, such as an alert whose tile was deleted."""

    kind: str
    seq: int
    details: dict[str, str] = {}


class CallLog:
    """The log of a simulated instance. Safe to read from another thread while calls arrive."""

    def __init__(self) -> None:
        self.calls: deque[LoggedCall] = deque(maxlen=KEPT_CALLS)
        self.operations: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.incidents: list[Incident] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.bytes_in = 0
        self.bytes_out = 0
        self._seq = 0

    def start(self, method: str, path: str, at_s: float) -> LoggedCall:
        """Log a call at its arrival."""
        self._seq += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        entry = LoggedCall(seq=self._seq, at_s=at_s, method=method, path=path)
        self.calls.append(entry)
        return entry

    def finish(self, entry: LoggedCall, at_s: float) -> None:
        """Log how a call ended."""
        self.in_flight -= 1
        entry.duration_s = at_s - entry.at_s
        self.operations[entry.operation or f"{entry.method} {entry.path}"] += 1
        self.statuses[str(entry.status)] += 1

    def incident(self, kind: str, **details: str) -> None:
        """Record a loss."""
        self.incidents.append(Incident(kind=kind, seq=self._seq, details=details))

    def clear(self) -> None:
        """Remove all entries except the sequence and the calls in progress."""
        self.calls.clear()
        self.operations.clear()
        self.statuses.clear()
        self.incidents.clear()
        self.most_in_flight = self.in_flight
        self.bytes_in = self.bytes_out = 0

    def count(self, *operations: str) -> int:
        """How often these operations were called; without names, all calls except logins and version checks."""
        names = operations or [name for name in self.operations if name not in ("login", "logout", "versions")]
        return sum(self.operations[name] for name in names)

    def writes(self) -> list[LoggedCall]:
        """The writing calls, in order: all except GETs, logins and logouts."""
        return [c for c in list(self.calls) if c.method != "GET" and c.operation not in ("login", "logout")]

    def ignored_fields(self) -> list[tuple[str, str]]:
        """(operation, field) for every read-only field that was sent."""
        return [(call.operation, name) for call in list(self.calls) for name in call.ignored]

    def as_json(self) -> JsonObject:
        """The whole log, as the control API shows it."""
        return {
            "calls": list(self.calls),
            "operations": dict(self.operations),
            "statuses": dict(self.statuses),
            "incidents": list(self.incidents),
            "in_flight": self.in_flight,
            "most_in_flight": self.most_in_flight,
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
        }
