"""The calls that a plan would take, by operation."""

from __future__ import annotations

from collections import Counter

from lrestore.restoration.item import ItemPlan


def calls_of(plan: ItemPlan) -> Counter[str]:
    """The calls that carry out ``plan``: at most so many."""
    calls: Counter[str] = Counter(write.operation for write in plan.before)
    if plan.own:
        calls[plan.own.operation] += 1
    return calls + plan.parts.calls()
