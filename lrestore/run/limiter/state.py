"""The shared knowledge of all processes about the destination: one flat record of numbers.

Times are seconds on the monotonic clock, which on Linux is one clock for all processes; NEVER means "not set".
"""

from __future__ import annotations

import struct

import msgspec

NEVER = float("-inf")


class LimiterState(msgspec.Struct):
    """A working copy of the shared record: taken under the cell's lock, changed by a rule, put back."""

    # Limits: calls per second, and concurrent calls.
    limit: float
    window: float
    # GCRA: when the next call would be due if all came evenly; and when the last queued caller is to ask again.
    due_at_s: float = NEVER
    queue_until_s: float = NEVER
    paused_until_s: float = NEVER
    # Refusals. ceiling: the level of the last refusal, 0: none yet. roof: the level of an older refusal, higher.
    ceiling: float = 0.0
    roof: float = 0.0
    cut_at_s: float = NEVER
    severity: float = 0.0
    # Staying below the ceiling for hold_s, then probing beyond it from a level known to be good.
    hold_s: float = 0.0
    hold_until_s: float = NEVER
    good: float = 0.0
    probing_since_s: float = NEVER
    # Refusals by chance: counts of the latest answers to calls that were sent since the last cut, and of more of them;
    # the share of refusals before those; whether the limit is lowered for a test, and when the next test may begin.
    recent_answers: float = 0.0
    recent_refusals: float = 0.0
    recent_at_s: float = NEVER
    all_answers: float = 0.0
    all_refusals: float = 0.0
    share_before: float = 0.005
    testing: float = 0.0
    test_hold_s: float = 0.0
    test_at_s: float = NEVER
    # Concurrent calls: the fewest at which one was refused, calls refused and done at so many or more, the bound that
    # was found (0: none), and how long it holds.
    refused_from: float = 0.0
    refused_above: float = 0.0
    done_above: float = 0.0
    bound: float = 0.0
    window_hold_s: float = 0.0
    window_hold_until_s: float = NEVER
    # The current measuring period, and the result of the last one (used = 1: the limit was used).
    tick_at_s: float = NEVER
    tick_granted: float = 0.0
    tick_slot_waits: float = 0.0
    pace: float = 0.0
    used: float = 0.0
    # Calls per second that were answered with anything but a refusal or a failure.
    delivered: float = 0.0
    delivered_at_s: float = NEVER
    # Latency: smoothed; of the fastest answers, smoothed; the best of those; and where slowness began.
    typical_s: float = 0.0
    tick_fastest_s: float = 0.0
    tick_answers: float = 0.0
    fastest_s: float = 0.0
    best_s: float = 0.0
    slow_since_s: float = NEVER
    slow_fastest_s: float = 0.0
    # Outage: failures in a row over all processes, and the time of the next probe.
    failures: float = 0.0
    failing_since_s: float = NEVER
    outage_since_s: float = NEVER
    probe_at_s: float = NEVER
    probe_wait_s: float = 0.0
    # Counts for reports.
    granted: float = 0.0
    rate_limited: float = 0.0


RECORD = struct.Struct(f"={len(LimiterState.__struct_fields__)}d")


def packed(state: LimiterState) -> bytes:
    """The record as bytes, :data:`RECORD` long."""
    return RECORD.pack(*msgspec.structs.astuple(state))


def unpacked(data: bytes | memoryview) -> LimiterState:
    """The record from bytes."""
    return LimiterState(*RECORD.unpack(data))
