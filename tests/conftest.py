"""Shared by all tests: which of them run and in which order, how hypothesis searches, where files are, and that no
setting of the caller's environment gets in.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cli.command import is_setting
from tests.quick_start import HOST
from tests.run.cli_harness import SHARED

pytest.register_assert_rewrite(
    "tests.acceptance.instance_fixture", "tests.crash.bulk", "tests.restoration.restore_fixture"
)

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=50)
settings.register_profile("ci", parent=settings.get_profile("default"), derandomize=True)
settings.register_profile("nightly", parent=settings.get_profile("default"), max_examples=1000)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The developer's own Looker must never be what a test talks to."""
    for name in list(os.environ):
        if is_setting(name):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session", autouse=True)
def _no_memory_in_the_home_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Also for what fixtures of a wider scope run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state-home")))
        yield


@pytest.fixture(autouse=True)
def _no_memory_of_other_tests(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "state-home" / uuid.uuid4().hex))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="every combination of cases, not the suite's part of them")
    parser.addoption("--crash-runs", type=int, default=8, help="how many runs tests/crash kills at random moments")
    parser.addoption("--crash-passes", type=int, default=1, help="at how many passes of each crash point a run dies")
    parser.addoption("--crash-late-s", type=float, default=2.5, help="after how long late creates take effect")


@pytest.fixture(scope="session", autouse=True)
def _no_process_is_left() -> Iterator[None]:
    yield
    SHARED.stop()
    HOST.stop()


MEMORY = Path("/dev/shm")
ENOUGH_BYTES = 4 << 30


def pytest_configure(config: pytest.Config) -> None:
    """Files are handed out in the order of the tests, not the longest list first: see below."""
    config.option.loadscopereorder = False
    # Collecting makes ten thousand objects that last: searching them for garbage takes nearly half of its time.
    gc.disable()
    _let_signals_in()
    _write_in_memory()
    _keep_compiled_modules()
    HOST.used = HOST.used and not config.getoption("--full")
    settings.load_profile("nightly" if config.getoption("--full") else "ci" if os.environ.get("CI") else "default")


def _let_signals_in() -> None:
    """A shell starts a program with ``&`` so that it ignores these, and each process of a test would inherit that."""
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGQUIT, signal.SIG_DFL)):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, handler)


def _write_in_memory() -> None:
    """Temporary files where a sync costs nothing: state files sync each commit, and no test cuts the power."""
    if "PYTEST_DEBUG_TEMPROOT" in os.environ or not os.access(MEMORY, os.W_OK | os.X_OK):
        return
    if shutil.disk_usage(MEMORY).free > ENOUGH_BYTES:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY)


def _keep_compiled_modules() -> None:
    """Otherwise each of the thousand processes that the tests start compiles all modules again."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The files of tests/crash come first: one of them takes minutes, and must not run alone at the end."""
    items.sort(key=lambda item: item.path.parent.name != "crash")
    if not config.getoption("--full"):
        left_out = [item for item in items if item.get_closest_marker("nightly")]
        items[:] = [item for item in items if not item.get_closest_marker("nightly")]
        config.hook.pytest_deselected(items=left_out)


def pytest_collection_finish() -> None:
    """From here on garbage is collected again; what was made until now is not searched for it."""
    _make_random_numbers_of_hypothesis()
    gc.freeze()
    gc.enable()


@settings(max_examples=1, database=None)
@given(st.none())
def _make_random_numbers_of_hypothesis(_: None) -> None:
    """Hypothesis makes its generator in its first test and asks the garbage collector for the references to it. It
    would warn after gc.freeze(), since the collector doesn't list references from frozen objects.
    """


PER_CORE = 3
"""A third of the time a test waits: for the disk, a pause, a time-out or a process's end."""
MEMORY_OF_ONE = 1 << 30
"""The most that a process takes together with the processes that its tests start."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Several processes for each core, as far as there is memory for them."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(cores, min(PER_CORE * cores, memory // MEMORY_OF_ONE))
