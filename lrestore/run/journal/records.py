"""The records that a worker sends to the process that writes the state file."""

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
    """The object of an intent was provably not created."""

    intent: Intent


class Mapped(msgspec.Struct, frozen=True, tag="mapped"):
    """A backed-up object was found under another id."""

    mapping: Mapping


class Finished(msgspec.Struct, frozen=True, tag="finished"):
    """The result of an item. ``blob``: the backed-up content of a failed item, for its dead letter."""

    result: ItemResult
    blob: bytes | None = None


class FirstPass(msgspec.Struct, frozen=True, tag="first_pass"):
    """An item has finished its first pass and waits for other items. ``result``: what the first pass did."""

    result: ItemResult


Record = Opened | Closed | Dropped | Mapped | Finished | FirstPass
"""All records of the writer."""
