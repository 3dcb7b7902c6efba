"""Progress is shown on any stream, without flooding it (FR-029)."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from itertools import pairwise

import pytest

from lrestore.report.progress import Bar, Harmless, Lines, Silent, progress_details, progress_on
from lrestore.report.speed import PerSecond, Speed, Standing, TimeLeft
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


def left_while(pace: Callable[[int], int], seconds: int, total: int) -> list[float]:
    """The estimate of each second of a run of ``total`` items, ``pace(second)`` of which end in a second."""
    left, done, estimates = TimeLeft(), 0, []
    left.add(0.0, 0)
    for second in range(1, seconds + 1):
        done += pace(second)
        left.add(float(second), done)
        estimates.append(left.seconds(total) or 0.0)
    return estimates


def test_the_time_left_of_an_even_run_is_exact() -> None:
    assert left_while(lambda second: 10, 50, 1_000) == pytest.approx([100 - second for second in range(1, 51)])


def test_the_time_left_does_not_jump_when_items_end_in_bursts() -> None:
    """Fifty items every seven seconds: after a minute each estimate is near the last one, and near the truth."""
    estimates = left_while(lambda second: 0 if second % 7 else 50, 210, 3_000)
    for second, (before, now) in enumerate(pairwise(estimates[59:]), 61):
        assert abs(now - before) < 0.2 * before
        assert abs(now - (420 - second)) < 0.25 * (420 - second)


def test_the_time_left_follows_a_run_that_becomes_slower() -> None:
    estimates = left_while(lambda second: 10 if second <= 60 else 1, 180, 1_000)
    assert estimates[59] == pytest.approx(40)
    assert estimates[179] > 100


def test_nothing_is_told_about_the_time_left_before_the_first_item_and_after_the_last() -> None:
    left = TimeLeft()
    left.add(0.0, 0)
    left.add(5.0, 0)
    assert left.seconds(10) is None
    left.add(6.0, 10)
    assert left.seconds(10) is None


def test_no_time_left_is_told_while_a_run_waits() -> None:
    """For a create that may still take effect, say: the estimate would only grow."""
    estimates = left_while(lambda second: 10 if second <= 10 or second == 60 else 0, 60, 1_000)
    assert all(estimates[:25]) and not any(estimates[25:59])
    assert estimates[59]


def test_on_a_narrow_terminal_failures_and_the_time_left_stay() -> None:
    standing = Standing(500, 480, failed=3, calls=2_000, limit=40.0, in_flight=8, skipped=17)
    whole = progress_details(standing, PerSecond(9.5, 40.0), 75.0)
    assert progress_details(standing, PerSecond(9.5, 40.0), 75.0, room=200) == whole
    told = [progress_details(standing, PerSecond(9.5, 40.0), 75.0, room=room) for room in range(1, len(whole))]
    assert all(len(one) <= room for room, one in enumerate(told, 1) if room >= len("failed 3"))
    assert "ok 480, failed 3, 1 min 15 s left" in told and told[0] == "failed 3"


@pytest.mark.parametrize(("seconds", "told"), [(0.2, "1 s"), (9.4, "9 s"), (59.4, "59 s"), (59.6, "1 min 00 s")])
def test_an_estimate_is_rounded(seconds: float, told: str) -> None:
    assert progress_details(Standing(), PerSecond(1.0, 1.0), seconds).endswith(f", {told} left")


class Broken:
    """A display that always fails, such as one of a user's own."""

    def begin(self, total: int) -> None:
        raise ValueError("no terminal")

    def show(self, standing: Standing) -> None:
        raise ValueError("no terminal")

    def say(self, text: str) -> None:
        raise ValueError("no terminal")

    def end(self) -> None:
        raise ValueError("no terminal")


def test_a_display_that_fails_is_told_once_and_ends_no_run(caplog: pytest.LogCaptureFixture) -> None:
    harmless = Harmless(Broken())
    harmless.begin(1)
    harmless.show(Standing())
    harmless.say("text")
    harmless.end()
    assert [record.getMessage() for record in caplog.records] == ["cannot show progress: ValueError: no terminal"]
