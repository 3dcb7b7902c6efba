"""Totals add up for any results, and omitted items are counted."""

from __future__ import annotations

import json
from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrestore.looker.meter import CallMeter
from lrestore.messages import OUTCOMES, Change, Deletion, ItemKey, ItemResult, Totals
from lrestore.ontology.schema import Operation
from lrestore.report.build import plan_of
from lrestore.report.model import Api, Report, ReportedDestination, ReportedSource, Throughput, Verify
from lrestore.report.write import report_json
from tests.report.builders import Ticks, builder, item, letter, report

KEYS = st.builds(ItemKey, st.sampled_from(("dashboard", "look", "board")), st.sampled_from("12345"))
RESULTS = st.lists(
    st.builds(
        lambda outcome, item_id, type_name: item(outcome, item_id, type_name=type_name),
        st.sampled_from(OUTCOMES),
        st.sampled_from("12345"),
        st.sampled_from(("dashboard", "look", "folder")),
    )
)


@given(RESULTS, st.lists(KEYS))
def test_totals_add_up_for_any_sequence_of_results(results: list[ItemResult], expected: list[ItemKey]) -> None:
    """selected = created + updated + unchanged + skipped + failed + pending, per type and in total."""
    last = {result.key: result.outcome for result in results}
    begun = builder()
    begun.expect(expected)
    for result in results:
        begun.add(result)
    made = begun.finish(Api())
    assert begun.totals == made.totals
    for totals in (made.totals, *made.by_type.values()):
        parts = (totals.created, totals.updated, totals.unchanged, totals.skipped, totals.failed, totals.pending)
        assert totals.selected == sum(parts)
    pending = Counter(key.type for key in set(expected) - set(last))
    assert made.totals == Totals.of(Counter(last.values()), pending.total())
    assert {name: totals.pending for name, totals in made.by_type.items() if totals.pending} == pending
    assert {(failed.type, failed.id) for failed in made.dead_letters} == {
        (key.type, key.id) for key, outcome in last.items() if outcome == "failed"
    }


@given(RESULTS, st.integers(min_value=0, max_value=5))
def test_an_item_is_listed_or_plainly_unchanged_or_counted_as_omitted(results: list[ItemResult], limit: int) -> None:
    made = builder(listed_items=limit)
    for result in results:
        made.add(result)
    done = made.finish(Api())
    assert len(done.items) + done.items_omitted + done.totals.unchanged == done.totals.selected


@given(RESULTS)
def test_the_json_equals_the_report(results: list[ItemResult]) -> None:
    made = report(results)
    assert msgspec.json.decode(report_json(made), type=Report) == made


def test_the_json_has_the_fixed_keys() -> None:
    """INTERFACE, "The JSON report"."""
    made = json.loads(report_json(report([item("failed"), item("created", "43")])))
    assert made["schema"] == 1
    assert set(made) >= {
        *("session_id", "mode", "started_at", "ended_at", "duration_s", "source", "destination", "totals", "by_type"),
        *("api", "throughput", "warnings", "dead_letters", "verify"),
    }
    assert set(made["source"]) >= {"instance", "paths", "fingerprint", "age"}
    assert set(made["destination"]) == {"name", "base_url", "looker_version"}
    seven = {"selected", "created", "updated", "unchanged", "skipped", "failed", "pending"}
    assert set(made["totals"]) == set(made["by_type"]["dashboard"]) == seven
    assert set(made["api"]) >= {"calls", "by_operation", "retries", "rate_limited", "bytes_sent", "bytes_received"}
    assert set(made["throughput"]) >= {"items_per_s", "calls_per_s", "timeline"}
    assert made["verify"] is None
    assert made["dead_letters"] == [
        {
            "type": "dashboard",
            "id": "42",
            "name": "Sales",
            "error_type": "ValidationError",
            "status": 422,
            "message": "Looker refuses the content",
            "errors": [{"field": "title", "code": "too_long", "message": "is too long"}],
            "retries": 2,
            "failed_at": "2026-11-23T12:00:00.000Z",
            "path": "dashboard_elements[3]",
            "earlier": False,
        }
    ]


def test_totals_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        Totals(selected=2, created=1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"by_type": {}},
        {"by_type": {"dashboard": Totals(selected=1, created=1)}, "totals": Totals(selected=1, updated=1)},
        {"by_type": {"dashboard": Totals(selected=1, failed=1)}, "totals": Totals(selected=1, failed=1)},
    ],
)
def test_a_contradictory_report_is_refused(wrong: dict[str, object]) -> None:
    """B26: a failure is in the totals and in the dead letters, or there is no report."""
    right = {
        "session_id": "s",
        "mode": "restore",
        "started_at": "",
        "ended_at": "",
        "duration_s": 0.0,
        "source": ReportedSource(),
        "destination": ReportedDestination(),
        "totals": Totals(selected=1, created=1),
        "by_type": {"dashboard": Totals(selected=1, created=1)},
        "api": Api(),
        "throughput": Throughput(),
        "warnings": (),
        "dead_letters": (),
    }
    Report(**right)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"add up|dead letters"):
        Report(**{**right, **wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "broken",
    [
        ItemResult(ItemKey("look", "1"), "", "failed"),
        ItemResult(ItemKey("look", "1"), "", "created", dead_letter=letter("look", "1")),
    ],
)
def test_a_result_has_a_dead_letter_only_if_it_failed(broken: ItemResult) -> None:
    with pytest.raises(ValueError, match="look=1"):
        builder().add(broken)


def test_deletions_are_always_listed() -> None:
    """B1: every deletion is reported."""
    made = builder(listed_items=1)
    made.add(item("updated", "1"))
    made.add(item("updated", "2"))
    made.add(item("updated", "3", deletions=(Deletion("dashboard_element", "7", "Tile"),)))
    done = made.finish(Api())
    assert [listed.id for listed in done.items] == ["1", "3"]
    assert done.items_omitted == 1


def test_the_list_ends_where_the_report_would_be_too_large() -> None:
    made = builder(listed_bytes=2_000)
    long = (Change("title", "x" * 1_000, "y"),)
    for number in ("1", "2", "3"):
        made.add(item("updated", number, changes=long))
    made.add(item("updated", "1", changes=()))
    done = made.finish(Api())
    assert [listed.id for listed in done.items] == ["1"]
    assert done.items_omitted == 2
    made.add(item("updated", "2", changes=long))
    assert [listed.id for listed in made.finish(Api()).items] == ["1", "2"]


def test_an_unchanged_item_with_a_reason_or_warning_is_listed() -> None:
    made = report([item("unchanged", "1"), item("unchanged", "2", warnings=("owner is gone",))])
    assert [listed.id for listed in made.items] == ["2"]


def test_a_warning_is_given_once_and_names_its_item() -> None:
    made = builder()
    made.warn("the backup is old")
    made.warn("the backup is old")
    made.add(item(warnings=("owner is gone",)))
    assert made.finish(Api()).warnings == ("the backup is old", "dashboard=42: owner is gone")


def test_speed_counts_only_this_process() -> None:
    """FR-030, on --resume."""
    ticks = Ticks()
    made = builder(ticks)
    made.add_earlier([item("created", "1"), item("created", "2")])
    made.add(item("created", "3"))
    ticks.now_s += 2
    done = made.finish(Api(calls=10))
    assert done.totals == Totals(selected=3, created=3)
    assert (done.duration_s, done.throughput.items_per_s, done.throughput.calls_per_s) == (2.0, 0.5, 5.0)


def test_a_run_without_duration_has_no_speed() -> None:
    assert report([item()], Api(calls=1)).throughput == Throughput()


def test_the_timeline_stays_short_and_keeps_its_span() -> None:
    ticks = Ticks()
    made = builder(ticks)
    for second in range(5_000):
        ticks.now_s = 100.0 + second
        made.sample(second * 2, None if second == 0 else 50.0)
    timeline = made.finish(Api()).throughput.timeline
    assert timeline[0] == (0.0, 0, 0, None)
    assert timeline[-1][0] > 4_900
    assert 300 <= len(timeline) <= 600
    assert [point[0] for point in timeline] == sorted(point[0] for point in timeline)


def test_the_meters_usage_is_copied_completely() -> None:
    meter = CallMeter()
    meter.called("dashboard", "non_query", 10, 20)
    meter.retried()
    made = Api.of(meter.snapshot())
    assert made == Api(1, {"dashboard": 1}, {"non_query": 1}, retries=1, bytes_sent=10, bytes_received=20)


def test_a_plan_counts_calls_by_activity_class_and_writes_separately() -> None:
    operations = {
        "dashboard": Operation("dashboard", "GET", "/dashboards/{id}", "non_query", True, True),
        "create_query": Operation("create_query", "POST", "/queries", "db_query", False, False),
        "update_dashboard": Operation("update_dashboard", "PATCH", "/dashboards/{id}", "non_query", True, False),
    }
    calls = {"dashboard": 3, "create_query": 2, "update_dashboard": 1}
    made = plan_of(calls, operations, [Deletion("look", "1", "")])
    assert (made.calls, made.writes, made.deletions) == (6, 3, 1)
    assert made.by_activity == {"non_query": 4, "db_query": 2}


def test_a_builder_can_report_more_than_once() -> None:
    made = builder()
    made.add(item("created", "1"))
    assert made.finish(Api(), status="stopped", verify=Verify(equal=1)).totals.selected == 1
    made.add(item("created", "2"))
    assert made.finish(Api()).totals.selected == 2


def test_types_are_in_the_order_of_their_needs_whatever_was_finished_first() -> None:
    made = builder()
    for number, type_name in enumerate(("dashboard", "look", "user", "folder")):
        made.add(item("created", str(number), type_name=type_name))
    assert list(made.finish(Api()).by_type) == ["user", "folder", "look", "dashboard"]


def test_a_run_that_stops_says_why_in_a_key_of_its_own_and_as_a_warning() -> None:
    made = builder()
    made.add(item("created", "1"))
    made.stopped("20 items have failed")
    done = made.finish(Api(), status="stopped")
    assert done.stopped_because == "20 items have failed" and done.stopped_because in done.warnings
