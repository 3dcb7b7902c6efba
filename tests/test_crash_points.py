"""Crash points: nothing in ordinary life, kill -9 at exactly the pass that a test asks for."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import lrestore
from lrestore import crash_points as faults
from tests.run.children import WITHIN_S, children

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
POINT = "limiter.lock_held"
ROOT = Path(lrestore.__file__).parent


def pass_often(crash: str, count: str, out: str) -> None:
    os.environ.update({faults.CRASH: crash, faults.COUNT: count})
    faults.rearm()
    for number in range(10):
        faults.crash_point(POINT)
        faults.crash_point("result.sent")
        Path(out).write_text(str(number))


@cache
def calls_of_crash_point() -> list[tuple[Path, ast.Call]]:
    return [
        (path, node)
        for path in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "crash_point"
    ]


def test_nothing_happens_unless_asked_for() -> None:
    faults.crash_point(POINT)
    faults.crash_point("not even looked at")


@pytest.mark.crash
@pytest.mark.parametrize("number", [1, 4])
def test_the_process_dies_at_the_pass_that_was_named(tmp_path: Path, number: int) -> None:
    out = tmp_path / "out"
    out.write_text("0")
    with children(pass_often, [(f"{POINT}:{number}", "", str(out))]) as (child,):
        child.join(WITHIN_S)
        assert child.exitcode == -9
    assert int(out.read_text()) == max(0, number - 2)


@pytest.mark.crash
def test_counted_over_all_processes_one_dies_and_the_next_lives(tmp_path: Path) -> None:
    """The process that replaces the dead one must not die at its own third pass."""
    count, out = str(tmp_path / "count"), str(tmp_path / "out")
    with children(pass_often, [(f"{POINT}:3", count, out)]) as (first,):
        first.join(WITHIN_S)
        assert first.exitcode == -9
    with children(pass_often, [(f"{POINT}:3", count, out)]) as (second,):
        second.join(WITHIN_S)
        assert second.exitcode == 0
    passed = faults.passes(count)
    assert passed[POINT] == 3 + 10
    assert passed["result.sent"] == 2 + 10
    assert passed["report.before_write"] == 0


@pytest.mark.crash
def test_counting_alone_kills_nobody_and_loses_no_pass(tmp_path: Path) -> None:
    count = str(tmp_path / "count")
    with children(pass_often, [("", count, str(tmp_path / f"out{number}")) for number in range(3)]) as running:
        for child in running:
            child.join(WITHIN_S)
            assert child.exitcode == 0
    assert faults.passes(count)[POINT] == 30


@pytest.mark.parametrize("crash", ["no.such.point:1", f"{POINT}:0", POINT])
def test_an_impossible_wish_is_refused(monkeypatch: pytest.MonkeyPatch, crash: str) -> None:
    """A test that kills nobody would pass for the wrong reason."""
    monkeypatch.setenv(faults.CRASH, crash)
    with pytest.raises(ValueError, match="NAME:N"):
        faults.rearm()


def test_an_inherited_wish_works_from_the_first_moment() -> None:
    code = f"from lrestore.crash_points import crash_point; crash_point('{POINT}'); print('alive')"
    child = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {faults.CRASH: f"{POINT}:1"}, capture_output=True, check=False
    )
    assert (child.returncode, child.stdout) == (-9, b"")


def test_every_point_in_the_code_is_in_the_list() -> None:
    assert list(calls_of_crash_point())
    for path, node in calls_of_crash_point():
        (argument,) = node.args
        assert isinstance(argument, ast.Constant), f"{path}: the name of a crash point is written where it stands"
        assert argument.value in faults.POINTS, path


def test_the_pure_ring_has_no_crash_points() -> None:
    guilty = {path.relative_to(ROOT).parts[0] for path, _ in calls_of_crash_point()}
    assert guilty <= {"run"}
