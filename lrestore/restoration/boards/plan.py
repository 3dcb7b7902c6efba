"""The plan for the parts of a board."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from lrestore.ontology import PARTS
from lrestore.restoration.boards.orders import Order
from lrestore.restoration.writes import Plan


@dataclass(slots=True)
class BoardPlan(Plan):
    """``pending`` are orders with parts that are still to be created or moved: known only afterwards."""

    pending: list[Order] = field(default_factory=list)

    def calls(self) -> Counter[str]:
        """Orders of several parts that are still open are counted as if each had to be set."""
        calls = Plan.calls(self)
        pending = [order for order in self.pending if len(order.source_ids) > 1]
        if pending:
            calls["board"] += 1
            calls.update(PARTS[one.type].update or "" if one.type in PARTS else "update_board" for one in pending)
        return calls
