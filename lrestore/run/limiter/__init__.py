"""How fast all processes of a run together may call the destination, found out from its answers.

    acquire: outage?  one caller at a time looks whether it is over, the others wait
             paused?  all wait for as long as the server asked (Retry-After)
             too many under way, over all processes?  wait for a place
             too soon?  queue (GCRA: one number, the time at which the next call is due)
    report:  429: less, once per congestion event    failures from everybody: an outage
             much slower than usual: a little less   else: more, doubling at first, carefully where it was refused

Every step is one exclusive change of one small record. The rule (``controller`` and the laws under it: ``growth``,
``slowness``, ``outage``) is pure; the record lies in a ``cell``: a mapped file, or memory. A process that is killed at
any moment leaves a whole record, no lock, and its places are given back.

A fixed ``per_second`` is a bound that is never exceeded in any one second (a ``burst`` that was asked for comes on
top), and still falls when the server refuses.

Not guaranteed: fairness between processes; going on while a process is stopped (SIGSTOP) inside the one change, which
takes some microseconds.
"""

from __future__ import annotations

from lrestore.run.limiter.config import LimiterConfig
from lrestore.run.limiter.shared import LimiterView, SharedLimiter

__all__ = ["LimiterConfig", "LimiterView", "SharedLimiter"]
