"""Rows of the state file as values of the program, and values of the program as parameters of statements."""

from __future__ import annotations

import sqlite3

import msgspec

from lrestore.json_types import JsonObject
from lrestore.messages import (
    OUTCOMES,
    Change,
    DeadLetter,
    Deletion,
    FailedRequest,
    FieldError,
    Intent,
    ItemKey,
    ItemResult,
    LiveFacts,
    Outcome,
    Proof,
    Recorded,
    Totals,
)
from lrestore.state.records import (
    DeadLetterItem,
    MappingRoute,
    OpenIntent,
    Pace,
    RestorationCheckpoint,
    RestorationSession,
)
from lrestore.text.storable import to_json

"""The columns of a checkpoint or session that count items."""


class ResultDetail(msgspec.Struct, frozen=True, omit_defaults=True):
    """The parts of a result that other tools do not query: one JSON column."""

    changes: tuple[Change, ...] = ()
    deletions: tuple[Deletion, ...] = ()
    warnings: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    enabled: bool = False
    live: LiveFacts | None = None


def item_values(route: MappingRoute, key: ItemKey) -> dict[str, str]:
    """The route and the key of an item."""
    return {**msgspec.structs.asdict(route), "content_type": key.type, "source_id": key.id}


def recorded_of(row: sqlite3.Row) -> Recorded:
    """A mapping."""
    proof = Proof(row["destination_created_at"], row["natural_key"])
    return Recorded(row["destination_id"], proof, row["created_at"])


def totals_of(row: sqlite3.Row) -> Totals:
    """Totals, with the items that have no result as pending."""
    counts: dict[Outcome, int] = {name: row[name] for name in OUTCOMES}
    return Totals.of(counts, max(0, row["selected"] - sum(counts.values())))


def session_of(row: sqlite3.Row) -> RestorationSession:
    """A session."""
    values: JsonObject = dict(row)
    for name in ("selected", *OUTCOMES):
        del values[name]
    values["source_paths"] = msgspec.json.decode(row["source_paths"], type=tuple[str, ...])
    for name in ("selection", "settings"):
        values[name] = msgspec.json.decode(row[name], type=dict[str, object])
    for name in ("ended_at", "parent_id", "discarded_at"):
        values[name] = row[name] or ""
    return RestorationSession(**values, totals=totals_of(row))


def recorded_pace(row: sqlite3.Row) -> Pace:
    """How fast the destination answered a session."""
    values: JsonObject = dict(row)
    latencies = msgspec.json.decode(values.pop("latencies"), type=dict[str, float])
    return Pace(**values, latencies_ms=latencies)


def result_of(row: sqlite3.Row) -> ItemResult:
    """A result, with its dead letter."""
    detail = ResultDetail() if row["detail"] is None else msgspec.json.decode(row["detail"], type=ResultDetail)
    return ItemResult(
        key=ItemKey(row["type"], row["id"]),
        name=row["name"],
        outcome=row["outcome"],
        destination_id=row["destination_id"],
        reason=row["reason"],
        changes=detail.changes,
        deletions=detail.deletions,
        warnings=detail.warnings,
        left_out=detail.left_out,
        enabled=detail.enabled,
        live=detail.live,
        dead_letter=None if row["error_type"] is None else dead_letter_of(row),
    )


def dead_letter_item_of(row: sqlite3.Row) -> DeadLetterItem:
    """A dead letter, with its session."""
    return DeadLetterItem(row["session_id"], dead_letter_of(row), row["content_bytes"], row["resolved_by"] or "")


def dead_letter_of(row: sqlite3.Row) -> DeadLetter:
    """A dead letter."""
    request = FailedRequest(row["operation"], row["method"], row["request_path"], row["request_body"])
    return DeadLetter(
        type=row["type"],
        id=row["id"],
        name=row["name"],
        error_type=row["error_type"],
        message=row["message"],
        failed_at=row["failed_at"],
        status=row["status"],
        errors=msgspec.json.decode(row["errors"], type=tuple[FieldError, ...]),
        retries=row["retry_count"],
        path=row["path"],
        stack_trace=row["stack_trace"],
        request=None if request == FailedRequest() else request,
        answer=row["answer"],
    )


def open_intent_of(row: sqlite3.Row) -> OpenIntent:
    """An open create."""
    return OpenIntent(row["id"], row["session_id"], intent_of(row), row["opened_at"])


def intent_of(row: sqlite3.Row) -> Intent:
    """An intent: the object that is to be created."""
    key = ItemKey(row["content_type"], row["source_id"])
    return Intent(key=key, part=row["part"], natural_key=row["natural_key"], parent_id=row["parent_id"])


def count_values(totals: Totals) -> dict[str, int]:
    """Totals, by column."""
    return {name: getattr(totals, name) for name in Totals.__struct_fields__}


def checkpoint_values(point: RestorationCheckpoint) -> dict[str, object]:
    """A checkpoint, without its number."""
    return {"session_id": point.session_id, "created_at": point.created_at, **count_values(point.totals)}


def key_values(key: ItemKey) -> dict[str, str]:
    """The key of an item."""
    return {"content_type": key.type, "source_id": key.id}


def result_values(result: ItemResult, now: str) -> dict[str, str | None]:
    """A result that is recorded ``now``."""
    detail = ResultDetail(
        result.changes, result.deletions, result.warnings, result.left_out, result.enabled, result.live
    )
    return {
        **key_values(result.key),
        "name": result.name,
        "outcome": result.outcome,
        "destination_id": result.destination_id,
        "reason": result.reason,
        "detail": None if detail == ResultDetail() else to_json(detail),
        "recorded_at": now,
    }


def dead_letter_values(letter: DeadLetter) -> dict[str, object]:
    """A dead letter, without its content."""
    request = letter.request or FailedRequest()
    return {
        "name": letter.name,
        "error_type": letter.error_type,
        "message": letter.message,
        "stack_trace": letter.stack_trace,
        "failed_at": letter.failed_at,
        "retry_count": letter.retries,
        "status": letter.status,
        "errors": to_json(letter.errors),
        "path": letter.path,
        "operation": request.operation,
        "method": request.method,
        "request_path": request.path,
        "request_body": request.body,
        "answer": letter.answer,
    }
