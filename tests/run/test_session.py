"""How fast the next session may begin, from the timeline of one."""

from __future__ import annotations

import pytest

from lrestore.report.model import Sample
from lrestore.run.session import reached_per_s

FAST_THEN_IDLE: list[Sample] = [
    (0.0, 0, 0, 16.0),
    (1.0, 10, 100, 200.0),
    (2.0, 60, 400, 600.0),
    (3.0, 160, 900, 600.0),
    (4.0, 260, 1500, 600.0),
    (9.0, 270, 1520, 28.0),
    (9.1, 271, 1590, 28.0),
]


@pytest.mark.parametrize(
    ("timeline", "refused", "expected"),
    [
        (FAST_THEN_IDLE, False, (1500 - 100) / 3),
        (FAST_THEN_IDLE, True, 28.0),
        (FAST_THEN_IDLE[:2], False, 200.0),
        ([(0.0, 0, 0, None), (5.0, 50, 500, None)], False, 0.0),
        ([], False, 0.0),
    ],
    ids=["the best seconds", "the limit, if calls were refused", "the limit, if it is more", "no limit", "no sample"],
)
def test_a_session_is_followed_by_one_that_begins_as_fast(
    timeline: list[Sample], *, refused: bool, expected: float
) -> None:
    assert reached_per_s(timeline, refused=refused) == pytest.approx(expected, abs=0.001)
