"""Writes each kind of record into the state file. Every record may arrive twice."""

from __future__ import annotations

from lrestore.run.journal.records import Closed, Dropped, Finished, FirstPass, Mapped, Opened, Record
from lrestore.state.writer import StateWriter


def apply_record(writer: StateWriter, session_id: str, record: Record) -> tuple[str, ...]:
    """Record it; returns warnings about mappings. Raises StateError when the file cannot be written."""
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
