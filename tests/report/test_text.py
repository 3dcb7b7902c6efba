"""The report as text: complete, one line per fact, without terminal control characters."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrestore.messages import Change, Deletion, Outcome
from lrestore.report import text
from lrestore.report.drift import verify
from lrestore.report.field_values import old_and_new, value
from lrestore.report.item_lines import Style
from lrestore.report.model import Api, Difference, PlanCost, Throughput, Verify
from lrestore.text.terminal import plain
from lrestore.text.words import duration
from tests.report.builders import builder, item, report


def test_the_summary_shows_types_total_duration_and_throughput() -> None:
    """FR-030."""
    made = report([item("created", "1"), item("failed", "2"), item("unchanged", "3", type_name="look")])
    made = msgspec.structs.replace(
        made, duration_s=65.0, throughput=Throughput(3.25, 12.5), api=Api(calls=9, retries=2, rate_limited=1)
    )
    assert text.summary(made).splitlines() == [
        "           selected  created  updated  unchanged  skipped  failed  pending",
        "look              1        0        0          1        0       0        0",
        "dashboard         2        1        0          0        0       1        0",
        "total             3        1        0          1        0       1        0",
        "",
        "3 items: 2 succeeded, 1 failed",
        "1 min 05 s, 3.2 items/s, 12.5 calls/s, 9 calls, 2 retries, rate-limited once",
    ]


def test_skipped_and_pending_items_do_not_count_as_succeeded() -> None:
    """A run that stopped early must not look like a success."""
    made = builder()
    made.expect(item("created", str(number)).key for number in range(5))
    made.expect([item("created", "7", type_name="look").key])
    made.add(item("created", "0"))
    made.add(item("skipped", "1"))
    told = text.summary(made.finish(Api(), status="stopped")).splitlines()
    assert told[2].split() == ["dashboard", "5", "1", "0", "0", "1", "0", "3"]
    assert told[1].split() == ["look", "1", "0", "0", "0", "0", "0", "1"]
    assert told[5] == "6 items: 1 succeeded, 1 skipped, 0 failed, 4 pending, not attempted"


@pytest.mark.parametrize(("mode", "cannot"), [("plan", "cannot be restored"), ("verify", "cannot be compared")])
def test_a_mode_that_writes_nothing_uses_the_conditional(mode: str, cannot: str) -> None:
    made = builder()
    outcomes: tuple[Outcome, ...] = ("created", "created", "updated", "unchanged", "skipped", "failed")
    for number, outcome in enumerate(outcomes):
        made.add(item(outcome, str(number)))
    told = text.summary(msgspec.structs.replace(made.finish(Api()), mode=mode))
    assert "succeeded" not in told and "created  " not in told
    assert f"6 items: 2 would be created, 1 would be updated, 1 unchanged, 1 skipped, 1 {cannot}" in told


def test_the_sum_tells_items_that_are_restored_in_part_from_the_others() -> None:
    made = builder()
    partial = item("failed", "2")
    assert partial.dead_letter is not None
    letter = msgspec.structs.replace(partial.dead_letter, error_type="IncompleteError")
    made.add(item("failed", "1"))
    made.add(msgspec.structs.replace(partial, dead_letter=letter, incomplete=True))
    done = made.finish(Api())
    assert "2 items: 0 succeeded, 2 failed (1 of them restored in part)\n" in text.summary(done)
    planned = msgspec.structs.replace(done, mode="plan")
    assert "2 cannot be restored (1 of them can be restored in part)\n" in text.summary(planned)


def test_an_empty_report_has_a_summary() -> None:
    assert "0 items: 0 succeeded, 0 failed" in text.summary(report([]))


def test_the_plan_shows_action_fields_and_deletions() -> None:
    made = builder()
    made.add(item("created", "1"))
    made.add(
        item(
            "updated",
            "42",
            changes=(Change("title", "Old", "New"), Change("dashboard_elements[3].query.limit", None, "500")),
            deletions=(Deletion("dashboard_element", "991", "Extra"),),
            warnings=("owner is gone",),
        )
    )
    made.add(item("unchanged", "43"))
    assert text.plan(made.finish(Api())).splitlines() == [
        "create    dashboard=1 Sales",
        "update    dashboard=42 Sales",
        '    title: "Old" → "New"',
        '    dashboard_elements[3].query.limit: null → "500"',
        "    delete dashboard_element=991 Extra",
        "unchanged 1 item",
    ]


def test_the_calls_of_a_plan_are_counted_by_class_and_by_operation() -> None:
    planned = PlanCost(5, 3, 1, {"create_dashboard": 1, "dashboard": 4}, {"non_query": 5})
    assert text.plan_sum(planned).splitlines() == [
        "API calls: 5 (5 non_query); 3 of them write, 1 deletion",
        "  create_dashboard  1",
        "  dashboard         4",
    ]


def test_failed_items_are_not_listed_in_the_plan() -> None:
    assert text.plan(report([item("failed"), item("created", "43")])) == "create    dashboard=43 Sales\n"


def test_omitted_items_are_counted() -> None:
    made = builder(listed_items=1)
    made.add(item("updated", "1"))
    made.add(item("updated", "2"))
    assert "... and 1 item more, not listed" in text.plan(made.finish(Api()))


def test_a_done_item_shows_its_new_id_and_reason() -> None:
    done = msgspec.structs.replace(item("created", "1"), destination_id="900", reason="taken out of the trash")
    assert text.change_lines(report([done]).items) == "created   dashboard=1 Sales → 900: taken out of the trash\n"


def test_verify_differences_are_shown_field_by_field() -> None:
    result = Verify(
        equal=3,
        different=(
            Difference("look", "1", "Revenue", "9", (Change("title", "a", "b"),), (Deletion("x", "5", "Extra"),)),
            Difference("look", "2", "Gone", missing=True),
        ),
    )
    assert verify(result).splitlines() == [
        "different look=1 Revenue → 9",
        '    title: "a" → "b"',
        "    extra x=5 Extra",
        "different look=2 Gone: not in the destination",
        "verified: 3 equal, 2 different (1 missing)",
    ]


@given(st.text())
def test_control_characters_from_looker_are_escaped(name: str) -> None:
    shown = text.change_lines(report([msgspec.structs.replace(item(), name=name)]).items)
    assert shown.count("\n") == 1
    assert not any(ord(character) < 32 or 126 < ord(character) < 160 for character in shown[:-1])


@pytest.mark.parametrize(
    ("text_in", "shown"),
    [
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\nb\t", "a\\nb\\t"),
        ("\u202egnp", "\\u202egnp"),
        ("\x9b31m", "\\x9b31m"),
        ("é", "é"),
    ],
)
def test_control_and_direction_characters_are_escaped(text_in: str, shown: str) -> None:
    assert plain(text_in) == shown


def test_colours_appear_only_on_a_terminal() -> None:
    made = report([item("failed"), item("updated", "2", deletions=(Deletion("look", "1", "x"),))])
    shown = [text.summary, text.plan]
    assert not any("\x1b" in show(made) for show in shown)
    assert all("\x1b[31m" in show(made, Style(ansi=True)) for show in shown)


def test_a_long_value_is_shortened_with_a_mark() -> None:
    assert value("x" * 300, 10) == '"xxxxxxxxx…[292 more characters]'


def test_long_values_are_cut_around_their_first_difference() -> None:
    """Two long values whose difference lies at the end must not look the same."""
    old, new = old_and_new("x" * 500 + "old" + "y" * 500, "x" * 500 + "new" + "y" * 500)
    assert "old" in old
    assert "new" in new
    assert old.startswith("[481 characters]…")
    assert old.endswith("more characters]")


@given(st.text(max_size=400), st.text(max_size=400), st.text(max_size=400))
def test_values_that_differ_are_shown_differently(common: str, left: str, right: str) -> None:
    old, new = old_and_new(common + left, common + right, 40)
    assert (old == new) == (plain(value(common + left, 10_000)) == plain(value(common + right, 10_000)))


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.4217, "0.42 s"), (12.34, "12.3 s"), (59.97, "60.0 s"), (245, "4 min 05 s"), (7380, "2 h 03 min")],
)
def test_durations_are_readable(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown
