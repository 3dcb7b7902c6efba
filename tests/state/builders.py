"""Values for the tests of the state file."""

from __future__ import annotations

from datetime import UTC, datetime

from lrestore.messages import DeadLetter, FailedRequest, FieldError, ItemKey, ItemResult, ObjectMapping, Outcome
from lrestore.state.records import RestorationSession

SESSION = "20261123-104500-ab12"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def noon() -> datetime:
    return NOON


def session(session_id: str = SESSION, **changes: object) -> RestorationSession:
    values: dict[str, object] = {
        "id": session_id,
        "mode": "restore",
        "source_instance": "prod",
        "source_paths": ("vault.db",),
        "source_fingerprint": "f00",
        "destination": "looker.example.com",
        "selection": {"select": ["dashboard=42"]},
        "settings": {"workers": 8},
        "pid": 7,
        "host": "here",
    }
    return RestorationSession(**{**values, **changes})  # type: ignore[arg-type]


def result(outcome: Outcome = "updated", item_id: str = "42", *mappings: ObjectMapping) -> ItemResult:
    return ItemResult(
        key=ItemKey("dashboard", item_id),
        name="Sales",
        outcome=outcome,
        destination_id="" if outcome == "failed" else f"live-{item_id}",
        mappings=mappings,
        dead_letter=dead_letter(item_id) if outcome == "failed" else None,
    )


def dead_letter(item_id: str = "42") -> DeadLetter:
    return DeadLetter(
        type="dashboard",
        id=item_id,
        name="Sales",
        error_type="ValidationError",
        message="Looker refuses the content",
        failed_at="2026-11-23T12:00:00.000Z",
        status=422,
        errors=(FieldError("title", "too_long", "is too long"),),
        retries=2,
        path="dashboard_elements[3].title",
        stack_trace="Traceback ...",
        request=FailedRequest("update_dashboard", "PATCH", "/dashboards/42", '{"title":"x"}'),
        answer='{"message":"Validation Failed"}',
    )
