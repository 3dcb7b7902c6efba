"""The age of a backup in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lrestore.run.audit import age

NOW = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "words"),
    [(-1, "less than an hour old"), (0.9, "less than an hour old"), (1, "1 hour old"), (47, "47 hours old")],
)
def test_a_young_backup_has_its_age_in_hours(hours: float, words: str) -> None:
    assert age(NOW - timedelta(hours=hours), NOW) == words


def test_an_older_one_in_days_and_one_without_a_time_none() -> None:
    assert (age(NOW - timedelta(days=2), NOW), age(None, NOW)) == ("2 days old", "of unknown age")
