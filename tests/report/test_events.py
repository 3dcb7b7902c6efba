"""Events: what is documented, who gets them, and what a receiver that fails can do to a run: nothing."""

from __future__ import annotations

import logging
import re
import typing
from pathlib import Path

import msgspec
import pytest

import lrestore
from lrestore.messages import Totals
from lrestore.report.events import (
    Announced,
    Announcer,
    AnyEvent,
    Event,
    ItemFailed,
    ItemFinished,
    ProgressMade,
    SessionEnded,
    SessionStarted,
    WarningGiven,
    event_line,
)
from lrestore.report.model import ReportedDestination, ReportedSource
from lrestore.report.progress import Silent
from lrestore.report.speed import Standing
from tests.report.builders import Ticks, item, report

ROOT = Path(__file__).parents[2]
STARTED = SessionStarted(
    session_id="s1", mode="restore", selected=2, source=ReportedSource("prod"), destination=ReportedDestination("live")
)


def told(announcer: Announcer, got: list[Event]) -> list[Event]:
    """One run: an item, a failed one, a warning twice, the end."""
    announcer.started(STARTED)
    announcer.finished(item("updated", warnings=("left out",)))
    announcer.finished(item("failed", "43"))
    announcer.warning("slow")
    announcer.warning("slow")
    announcer.ended(report([item("updated", warnings=("left out",)), item("failed", "43")]))
    return got


def test_a_run_is_told_in_order_and_each_warning_once() -> None:
    got: list[Event] = []
    events = told(Announcer([got.append]), got)
    assert [type(event) for event in events] == [
        SessionStarted,
        ItemFinished,
        ItemFinished,
        ItemFailed,
        WarningGiven,
        SessionEnded,
    ]
    assert all(event.version == 1 and event.at.endswith("Z") for event in events)
    assert {event.session_id for event in events[:-1]} == {"s1"}
    failed = events[3]
    assert isinstance(failed, ItemFailed) and (failed.id, failed.status, failed.retries) == ("43", 422, 2)


def test_a_line_is_one_line_and_decodes_into_the_same_event() -> None:
    got: list[Event] = []
    told(Announcer([got.append]), got)
    hostile = WarningGiven(text="two\nlines, \ud800 and \x1b[31m")
    for event in got:
        assert event_line(event).count(b"\n") == 1
        assert msgspec.json.decode(event_line(event), type=AnyEvent) == event
    assert event_line(hostile).count(b"\n") == 1 and msgspec.json.decode(event_line(hostile))["event"] == "warning"


def test_a_receiver_that_fails_is_left_out_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    def broken(event: Event) -> None:
        raise ZeroDivisionError("mine")

    got: list[Event] = []
    told(Announcer([broken, got.append]), got)
    assert len(got) == 6
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        "no further events are passed on: ZeroDivisionError: mine"
    ]


def test_a_run_that_breaks_off_is_ended_once() -> None:
    got: list[Event] = []
    announcer = Announcer([got.append])
    announcer.started(STARTED)
    announcer.broke_off("stopped", "the disk is full")
    announcer.broke_off("not-started", "again")
    (end,) = (event for event in got if isinstance(event, SessionEnded))
    assert (end.status, end.reason, end.totals) == ("stopped", "the disk is full", Totals())


def test_progress_is_told_once_per_second_and_at_the_end() -> None:
    got: list[Event] = []
    ticks = Ticks()
    shown = Announced(Silent(), Announcer([got.append]), ticks)
    shown.begin(10)
    for count in range(5):
        shown.show(Standing(items=count))
        ticks.now_s += 0.3
    shown.end()
    shown.end()
    assert [event.items for event in got if isinstance(event, ProgressMade)] == [0, 4]


def test_the_page_names_every_event_with_all_of_its_fields() -> None:
    page = (ROOT / "docs/report.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.*) \|$", page.partition("## Events")[2], re.MULTILINE)
    common = set(Event.__struct_fields__)
    kinds: dict[str, typing.Any] = {kind.__struct_config__.tag: kind for kind in typing.get_args(AnyEvent)}
    assert [tag for tag, _, _ in rows] == list(kinds)
    for tag, name, fields in rows:
        assert kinds[tag].__name__ == name and getattr(lrestore, name) is kinds[tag]
        assert set(kinds[tag].__struct_fields__) - common <= set(re.findall(r"`(\w+)`", fields)), tag


def test_types_and_errors_are_exported_and_nothing_else() -> None:
    assert lrestore.Report.__name__ == "Report" and issubclass(lrestore.RunError, Exception)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = lrestore.Nothing
