"""What belongs to an object beyond its own fields, as a seam: tiles, sections, memberships, credentials.

Everything with endpoints of its own is reconciled by an implementation of :class:`Belongings`, one per item that is
planned; :mod:`lrestore.restoration.kinds` says which types have one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from lrestore.json_types import JsonObject
from lrestore.messages import Change
from lrestore.restoration.apply import Applied
from lrestore.restoration.context import Context
from lrestore.restoration.ends import LooseEnds
from lrestore.restoration.match import Match
from lrestore.restoration.steps import Plan


class Belongings(Protocol):
    """What hangs on one object. Made anew for each item, from the context, the backed-up item and its loose ends."""

    def plan(self, match: Match) -> Plan:
        """What brings them back, as the live object is (``match.live``) or, where that is None, will be when made.

        Reads the destination, writes nothing. Raises ItemError where the item cannot be restored whole.
        """

    def apply(self, applied: Applied, plan: Plan, live: JsonObject) -> list[Change]:
        """Carry it out. ``live`` is the object as it was read, or as Looker has just made it (``applied.created``).

        Returns the changes that only came to light on the way; ``plan.warnings`` may grow. Refusals that do not stop
        the rest go into ``applied.failures``; ItemErrors end the item.
        """


Factory = Callable[[Context, Any, LooseEnds], Belongings]
"""Makes the belongings of a :class:`lrestore.vault.items.VaultItem`."""
