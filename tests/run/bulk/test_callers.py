"""By default the cores carry the callers; a number of workers that is asked for is started."""

from __future__ import annotations

import logging

import pytest

from lrestore.run.bulk.callers import callers
from lrestore.settings import Settings, load_settings

DEFAULT = Settings()


@pytest.mark.parametrize(("cores", "expected"), [(1, (1, 32)), (2, (2, 16)), (3, (3, 11)), (8, (8, 4)), (64, (8, 4))])
def test_as_many_processes_as_cores_carry_the_default_callers(cores: int, expected: tuple[int, int]) -> None:
    found = callers(DEFAULT, 1000, cores)
    assert found == expected
    assert found.processes * found.threads >= DEFAULT.run.workers * DEFAULT.run.in_flight


@pytest.mark.parametrize("workers", [1, 3, 8])
def test_the_number_of_a_flag_is_started_exactly(workers: int) -> None:
    assert callers(load_settings(None, {}, {"run.workers": workers}), 1000, 2) == (workers, 4)


def test_a_number_other_than_the_default_is_started_exactly() -> None:
    assert callers(load_settings(None, {"LRESTORE_RUN_WORKERS": "5"}, {}), 1000, 2) == (5, 4)
    assert callers(load_settings(None, {"LRESTORE_RUN_WORKERS": "8"}, {}), 1000, 2) == (2, 16)


def test_there_are_no_more_processes_than_items() -> None:
    assert callers(load_settings(None, {}, {"run.workers": 8}), 3, 2).processes == 3
    assert callers(DEFAULT, 1, 2).processes == 1


def test_the_log_says_how_many_processes_there_are(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "lrestore"):
        callers(DEFAULT, 1000, 2)
    assert "workers: 2 processes with 16 calls each, for 2 cores; --workers N starts N processes" in caplog.text
