"""Progress is shown on any stream, without flooding it (FR-029)."""

from __future__ import annotations

import io
import threading

import pytest

from lrestore.report.progress import Bar, Lines, Silent, Speed, Standing, progress_on
from tests.report.builders import Ticks


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_a_terminal_a_line_appears_every_few_seconds_and_at_the_end() -> None:
    ticks, stream = Ticks(), io.StringIO()
    progress = Lines(stream, every_s=5, monotonic=ticks)
    progress.begin(1_000)
    for second in range(1, 13):
        ticks.now_s += 1
        progress.show(Standing(second * 10, second * 9, second, second * 20, 40.0, 3))
    progress.end()
    assert stream.getvalue().splitlines() == [
        "50/1000 items, ok 45, failed 5, 10.0 items/s, 20.0 calls/s, limit 40/s, in flight 3, 1 min 35 s left",
        "100/1000 items, ok 90, failed 10, 10.0 items/s, 20.0 calls/s, limit 40/s, in flight 3, 1 min 30 s left",
        "120/1000 items, ok 108, failed 12, 10.0 items/s, 20.0 calls/s, limit 40/s, in flight 3, 1 min 28 s left",
    ]


def test_a_run_without_progress_prints_no_line() -> None:
    stream = io.StringIO()
    progress = Lines(stream, monotonic=Ticks())
    progress.begin(5)
    progress.end()
    assert stream.getvalue() == ""


def test_speed_covers_the_last_seconds_and_shows_a_stall() -> None:
    speed = Speed(window_s=10)
    for second in range(30):
        speed.add(float(second), Standing(items=min(second, 10) * 100))
    assert speed.per_second() == (0.0, 0.0)


def test_speed_is_zero_at_the_start() -> None:
    speed = Speed()
    speed.add(1.0, Standing(items=5))
    assert speed.per_second() == (0.0, 0.0)


def test_a_terminal_shows_a_bar_with_all_counts() -> None:
    ticks, stream = Ticks(), Terminal()
    bar = Bar(stream, monotonic=ticks)
    bar.begin(10)
    ticks.now_s += 2
    bar.show(Standing(items=4, ok=3, failed=1, calls=8, limit=None, in_flight=2))
    bar.say("a line in between")
    bar.end()
    last = stream.getvalue().rsplit("\r", 1)[-1]
    assert "40%" in last
    assert "4/10 items, ok 3, failed 1, 2.0 items/s, 4.0 calls/s, limit none, in flight 2" in last
    assert "a line in between\n" in stream.getvalue()


def test_a_bar_starts_no_thread() -> None:
    """If a thread holds a lock during a fork, the lock stays locked in the worker forever."""
    before = threading.active_count()
    bar = Bar(Terminal())
    bar.begin(10)
    assert threading.active_count() == before
    bar.end()


def test_lines_before_and_after_the_bar_are_printed() -> None:
    stream = Terminal()
    bar = Bar(stream)
    bar.show(Standing())
    bar.say("early")
    bar.end()
    assert stream.getvalue() == "early\n"


@pytest.mark.parametrize(("stream", "kind"), [(Terminal(), Bar), (io.StringIO(), Lines)])
def test_the_stream_decides_between_bar_and_lines(stream: io.StringIO, kind: type) -> None:
    assert isinstance(progress_on(stream), kind)


def test_quiet_shows_no_progress_but_prints_lines() -> None:
    stream = io.StringIO()
    progress = progress_on(stream, quiet=True)
    assert isinstance(progress, Silent)
    progress.begin(1)
    progress.show(Standing(1, 1))
    progress.say("error: something")
    progress.end()
    assert stream.getvalue() == "error: something\n"
