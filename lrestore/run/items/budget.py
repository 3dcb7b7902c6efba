"""Limits that stop a run before all items are done: failures, calls, time."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from lrestore.run.request import RunRequest


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits of one run. A percentage refers to ``selected``. ``deadline_s`` is on the monotonic clock.

    ``calls_before`` were made before counting started; ``failed_before`` items failed without being tried, because the
    backup lacks them.
    """

    selected: int
    max_failures: str = "none"
    max_calls: int | None = None
    deadline_s: float | None = None
    calls_before: int = 0
    failed_before: int = 0

    @classmethod
    def of(cls, request: RunRequest, max_failures: str, selected: int) -> Budget:
        """The budget of a run that begins now."""
        deadline_s = None if request.max_runtime_s is None else time.monotonic() + request.max_runtime_s
        return cls(selected, max_failures, request.max_calls, deadline_s)

    def spent(self, failures: int, calls: int) -> str:
        """The reason to stop the run; "" if there is none."""
        failures += self.failed_before
        if self._too_many(failures):
            return f"{failures} of {self.selected} items have failed (max_failures = {self.max_failures})"
        calls += self.calls_before
        if self.max_calls is not None and calls >= self.max_calls:
            return f"{calls} calls have been made (--max-calls {self.max_calls})"
        if self.deadline_s is not None and time.monotonic() >= self.deadline_s:
            return "the time is up (--max-runtime)"
        return ""

    def failures_left(self, failures: int) -> int | None:
        """How many more items may fail before the run stops; None without a limit."""
        if self.max_failures == "none":
            return None
        if self.max_failures.endswith("%"):
            most = math.ceil(float(self.max_failures[:-1]) * self.selected / 100)
        else:
            most = int(self.max_failures)
        return max(1, most) - failures - self.failed_before

    def _too_many(self, failures: int) -> bool:
        left = self.failures_left(failures - self.failed_before)
        return left is not None and left <= 0
