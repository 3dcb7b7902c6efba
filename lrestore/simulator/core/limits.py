"""Rate and concurrency limits of the simulated instance."""

from __future__ import annotations

import math

from lrestore.simulator.core.config import SimulatorConfig
from lrestore.simulator.core.refusal import RefusedError, too_many


class Limits:
    """A token bucket, and a bound on calls in progress."""

    def __init__(self) -> None:
        self._tokens: float | None = None
        self._filled_at_s = 0.0
        self.refused = 0

    def check(self, config: SimulatorConfig, in_flight: int, now_s: float) -> RefusedError | None:
        """The 429 that answers a call, or None if the call is allowed. *in_flight* counts that call."""
        if config.concurrency and in_flight > config.concurrency:
            return self._refuse(config, 1.0)
        wait_s = self._take(config, now_s) if config.rate_per_s else 0.0
        return self._refuse(config, wait_s) if wait_s else None

    def _take(self, config: SimulatorConfig, now_s: float) -> float:
        """Seconds until there is a token; 0 when one was taken."""
        size = float(config.rate_burst or max(1.0, config.rate_per_s / 10))
        before = size if self._tokens is None else self._tokens
        tokens = min(size, before + (now_s - self._filled_at_s) * config.rate_per_s)
        self._filled_at_s = now_s
        self._tokens = tokens - 1 if tokens >= 1 else tokens
        return 0.0 if tokens >= 1 else (1 - tokens) / config.rate_per_s

    def _refuse(self, config: SimulatorConfig, wait_s: float) -> RefusedError:
        self.refused += 1
        return too_many(str(max(1, math.ceil(wait_s))) if config.retry_after else "")
