"""One instance and one backup for all crash tests of a session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.crash.bulk import Bulk, Verdict


@pytest.fixture(scope="session")
def bulk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bulk]:
    made = Bulk(tmp_path_factory.mktemp("bulk"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def undisturbed(bulk: Bulk) -> Verdict:
    """The result of an undisturbed run."""
    bulk.begin_anew()
    assert bulk.finish(bulk.restore()) == 0
    return bulk.verdict()


@pytest.fixture(scope="session")
def late_s(pytestconfig: pytest.Config) -> float:
    """After how long an instance ends a create whose caller is gone."""
    return float(pytestconfig.getoption("--crash-late-s"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test per killed run, so that each has its own time-out and its seed in its name."""
    if "death" in metafunc.fixturenames:
        metafunc.parametrize("death", range(metafunc.config.getoption("--crash-passes")))
    if "few" in metafunc.fixturenames:
        metafunc.parametrize("few", range((metafunc.config.getoption("--crash-runs") + 3) // 4))
    if "apply_seed" in metafunc.fixturenames:
        metafunc.parametrize("apply_seed", range((metafunc.config.getoption("--crash-runs") + 5) // 6))
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(metafunc.config.getoption("--crash-runs")))
