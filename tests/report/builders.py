"""Results and reports for the tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from lrestore.messages import Change, DeadLetter, Deletion, FieldError, ItemKey, ItemResult, Outcome
from lrestore.report.build import ReportBuilder, ReportHead
from lrestore.report.item_list import ItemList
from lrestore.report.model import Api, Report, ReportedDestination, ReportedSource

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HEAD = ReportHead(
    "20261123-120000-ab12",
    "restore",
    ReportedSource("prod", ("vault.db",)),
    ReportedDestination("live", "https://looker.example.com:19999", "26.4.1"),
)


class Ticks:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def builder(ticks: Ticks | None = None, **limits: int) -> ReportBuilder:
    return ReportBuilder(HEAD, now=lambda: NOON, monotonic=ticks or Ticks(), listed=ItemList(**limits))


def item(
    outcome: Outcome = "updated",
    item_id: str = "42",
    *,
    type_name: str = "dashboard",
    changes: tuple[Change, ...] = (),
    deletions: tuple[Deletion, ...] = (),
    warnings: tuple[str, ...] = (),
) -> ItemResult:
    return ItemResult(
        key=ItemKey(type_name, item_id),
        name="Sales",
        outcome=outcome,
        destination_id="" if outcome == "failed" else item_id,
        changes=changes,
        deletions=deletions,
        warnings=warnings,
        dead_letter=letter(type_name, item_id) if outcome == "failed" else None,
    )


def letter(type_name: str = "dashboard", item_id: str = "42") -> DeadLetter:
    return DeadLetter(
        type=type_name,
        id=item_id,
        name="Sales",
        error_type="ValidationError",
        message="Looker refuses the content",
        failed_at="2026-11-23T12:00:00.000Z",
        status=422,
        errors=(FieldError("title", "too_long", "is too long"),),
        retries=2,
        path="dashboard_elements[3]",
    )


def report(results: Iterable[ItemResult], api: Api = Api()) -> Report:  # noqa: B008
    made = builder()
    for result in results:
        made.add(result)
    return made.finish(api)
