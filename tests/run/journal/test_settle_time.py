"""How long a create may still take effect, counted from its recorded time, even if clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lrestore.clock import stamp
from lrestore.run.journal.settle_time import SettleTime

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


class Clocks:
    """The time of day, which may be set, and a monotonic clock."""

    def __init__(self) -> None:
        self.wall, self.monotonic_s = NOON, 1000.0

    def pass_by(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.monotonic_s += seconds

    def waits(self) -> SettleTime:
        return SettleTime(lambda: self.wall, lambda: self.monotonic_s)


def test_the_wait_counts_from_the_recorded_time() -> None:
    clocks = Clocks()
    waits = clocks.waits()
    recorded = stamp(NOON)
    clocks.pass_by(50)
    assert waits.left_s(recorded, 120, of_this_run=False) == 70
    clocks.pass_by(100)
    assert waits.left_s(recorded, 120, of_this_run=False) == 0


def test_a_clock_that_was_set_back_makes_the_wait_neither_endless_nor_zero() -> None:
    clocks = Clocks()
    recorded = stamp(NOON)
    clocks.wall -= timedelta(hours=3)
    waits = clocks.waits()
    assert waits.left_s(recorded, 120, of_this_run=False) == 120
    clocks.pass_by(119)
    assert waits.left_s(recorded, 120, of_this_run=False) == 1
    another = stamp(NOON + timedelta(seconds=1))
    assert waits.left_s(another, 120, of_this_run=False) == 1, "one after the other, they would add up"
    clocks.pass_by(2)
    assert waits.left_s(recorded, 120, of_this_run=False) == 0


def test_a_create_of_this_run_counts_from_when_it_is_first_seen() -> None:
    """This process may have started before the create."""
    clocks = Clocks()
    waits = clocks.waits()
    clocks.pass_by(1000)
    recorded = stamp(clocks.wall)
    clocks.wall -= timedelta(minutes=1)
    assert waits.left_s(recorded, 120, of_this_run=True) == 120
    clocks.pass_by(30)
    assert waits.left_s(recorded, 120, of_this_run=True) == 90


@given(
    set_by_s=st.floats(-300, 300),
    passed_s=st.floats(0, 300),
    settle_s=st.floats(0, 300),
    of_this_run=st.booleans(),
)
def test_the_wait_is_never_longer_than_the_setting_and_ends(
    set_by_s: float, passed_s: float, settle_s: float, of_this_run: bool
) -> None:
    clocks = Clocks()
    recorded = stamp(NOON)
    clocks.wall += timedelta(seconds=set_by_s)
    waits = clocks.waits()
    left_s = waits.left_s(recorded, settle_s, of_this_run=of_this_run)
    assert 0 <= left_s <= settle_s
    clocks.pass_by(passed_s)
    assert waits.left_s(recorded, settle_s, of_this_run=of_this_run) <= max(0.0, settle_s - passed_s) + 1e-3
    clocks.pass_by(settle_s + 1)
    assert waits.left_s(recorded, settle_s, of_this_run=of_this_run) <= 0
