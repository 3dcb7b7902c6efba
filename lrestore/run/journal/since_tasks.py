"""A worker's readings of the state file, kept until its next tasks come.

A worker gets an item when everything that it depends on is on disk, and until the item's end no other process changes
what is on record of it. So for all items in hand, what was read after the last tasks came is as good as a new reading:
thousands of items have the same owners and folders, and nearly none an open create.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from lrestore.messages import Intent, ItemKey, Recorded
from lrestore.run.journal.mappings import Mappings
from lrestore.state.read import StateReader


@dataclass(slots=True)
class _Readings:
    """``recorded``: mappings by type and source id, None where there is none; ``mapped``: the types, and whether any
    object of them has one; ``open_items``: the items that have an open create, or have a part that does.
    """

    recorded: dict[tuple[str, str], Recorded | None] = field(default_factory=dict)
    mapped: dict[str, bool] = field(default_factory=dict)
    open_items: frozenset[ItemKey] | None = None


class SinceTasks:
    """The readings. Until tasks have come, everything is read anew.

    Threads share them, and the connection: only one at a time may call what may read.
    """

    def __init__(self, reader: StateReader, mappings: Mappings) -> None:
        self._reader = reader
        self._mappings = mappings
        self._readings: _Readings | None = None
        self._opened: Counter[ItemKey] = Counter()
        """The open creates of this process, by item."""
        self._counting = threading.Lock()

    def came(self) -> None:
        """Tasks have come: what was read before may be out of date."""
        self._readings = _Readings()

    def recorded(self, type_name: str, source_id: str) -> Recorded | None:
        """The recorded mapping of a backed-up object, or of a part of one."""
        readings = self._readings
        if readings is None:
            return self._mappings.recorded(type_name, source_id)
        if type_name not in readings.mapped:
            readings.mapped[type_name] = self._mappings.any(type_name)
        if not readings.mapped[type_name]:
            return None
        named = (type_name, source_id)
        if named not in readings.recorded:
            readings.recorded[named] = self._mappings.recorded(type_name, source_id)
        return readings.recorded[named]

    def opened(self, intents: Sequence[Intent]) -> None:
        """This process opens creates."""
        with self._counting:
            self._opened.update(intent.key for intent in intents)

    def settled(self, intent: Intent) -> None:
        """A create that this process has opened is closed or dropped."""
        with self._counting:
            self._opened[intent.key] -= 1
            if self._opened[intent.key] <= 0:
                del self._opened[intent.key]

    def may_be_open(self, key: ItemKey) -> bool:
        """Whether the item, or a part of it, may have an open create: then the state file tells."""
        readings = self._readings
        if readings is None or key in self._opened:
            return True
        if readings.open_items is None:
            opened = self._reader.open_intents_of_route(self._mappings.route)
            readings.open_items = frozenset(one.intent.key for one in opened)
        return key in readings.open_items
