"""The rate limit of all processes of a run together, measured from the destination's answers.

    acquire: outage?  one caller at a time probes whether it is over, the others wait
             paused?  all wait for as long as the server asked (Retry-After)
             too many calls in progress, over all processes?  wait for a slot
             too soon?  queue (GCRA: one number, the time at which the next call is due)
    report:  429: more than chance explains?             decrease, once per congestion event: the rate, or the
                                                         number of concurrent calls if that is what is bounded
             much slower than usual: decrease a little   failures of all callers: an outage
             otherwise: increase, doubling at first, slowly near refusals

Every step is one exclusive change of one small record. The rule (``controller``, with ``growth``, ``chance``,
``concurrency``, ``slowness`` and ``outage``) is pure. The record is in a ``cell``: a mapped file, or memory. A process
that is killed at any moment leaves a complete record and no lock, and its slots are freed.

A fixed ``per_second`` is never exceeded in any one second (a configured ``burst`` comes on top), and the limit still
falls when the server refuses calls.

Not guaranteed: fairness between processes; progress while a process is stopped (SIGSTOP) inside the one change, which
takes some microseconds.
"""

from __future__ import annotations

from lrestore.run.limiter.config import LimiterConfig
from lrestore.run.limiter.shared_limiter import LimiterView, SharedLimiter

__all__ = ["LimiterConfig", "LimiterView", "SharedLimiter"]
