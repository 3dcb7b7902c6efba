"""The records that a worker sends to the process that writes the state file, and how they are written there."""

from __future__ import annotations

import msgspec

from lrestore.messages import UNPROVED, Intent, ItemResult, ObjectMapping, Proof
from lrestore.state.writer import StateWriter


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

    mapping: ObjectMapping


class Finished(msgspec.Struct, frozen=True, tag="finished"):
    """The result of an item. ``blob``: the backed-up content of a failed item, for its dead letter."""

    result: ItemResult
    blob: bytes | None = None


class FirstPass(msgspec.Struct, frozen=True, tag="first_pass"):
    """An item has finished its first pass and waits for other items. ``result``: what the first pass did."""

    result: ItemResult


JournalRecord = Opened | Closed | Dropped | Mapped | Finished | FirstPass
"""All records of the writer."""


def apply_record(writer: StateWriter, session_id: str, record: JournalRecord) -> tuple[str, ...]:
    """Write a record, which may arrive twice, into the state file. Returns warnings about mappings.

    Raises StateError when the file cannot be written.
    """
    match record:
        case Opened(intents):
            for intent in intents:
                # An intent that is sent again after its item was restored would stay open. Failed items may be retried.
                if writer.read.outcome(session_id, intent.key) in (None, "failed"):
                    writer.open_intent(session_id, intent)
        case Closed(intent, destination_id, proof):
            return writer.close_intent(writer.open_intent(session_id, intent), destination_id, proof)
        case Dropped(intent):
            writer.delete_intent(writer.open_intent(session_id, intent))
        case Mapped(mapping):
            return writer.record_mappings(session_id, [mapping])
        case Finished(result, blob):
            return writer.record_result(session_id, result, blob)
        case FirstPass():
            # Nothing to write: created objects are mapped already, and after a crash the item is compared again.
            return ()
    return ()
