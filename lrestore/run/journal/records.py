"""The facts that a worker records, as messages to the process that writes the state file."""

from __future__ import annotations

import msgspec

from lrestore.messages import UNPROVED, Intent, ItemResult, Mapping, Proof


class Opened(msgspec.Struct, frozen=True, tag="opened"):
    """Objects are about to be created."""

    intents: tuple[Intent, ...]


class Closed(msgspec.Struct, frozen=True, tag="closed"):
    """The object of an intent exists."""

    intent: Intent
    destination_id: str
    proof: Proof = UNPROVED


class Dropped(msgspec.Struct, frozen=True, tag="dropped"):
    """The object of an intent was surely not created."""

    intent: Intent


class Mapped(msgspec.Struct, frozen=True, tag="mapped"):
    """A backed-up object was found under another id."""

    mapping: Mapping


class Finished(msgspec.Struct, frozen=True, tag="finished"):
    """What became of an item. ``blob`` of a failed one, for its dead letter."""

    result: ItemResult
    blob: bytes | None = None


class Halfway(msgspec.Struct, frozen=True, tag="halfway"):
    """An item is restored as far as it goes before others are there: ``result`` tells what has been done."""

    result: ItemResult


Record = Opened | Closed | Dropped | Mapped | Finished | Halfway
"""What the writer records."""
