"""The command starts quickly, and is the same program under both names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import lrestore as package
from tests.cli.command import environment, lrestore

HEAVY = ("looker_sdk", "sqlite3", "msgspec", "urllib3", "uvicorn", "tqdm")


def _alone() -> dict[str, str]:
    """The environment of a process that loads nothing else: coverage.py would begin in it."""
    return {name: value for name, value in environment().items() if not name.startswith("COVERAGE_PROCESS")}


def _processor_time_s(argv: list[str]) -> float:
    """The least of three runs. Unlike time on the clock, it hardly depends on other programs."""
    taken = []
    for _ in range(3):
        process = subprocess.Popen(argv, env=_alone(), stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        taken.append(used.ru_utime + used.ru_stime)
    return min(taken)


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_help_and_version_load_nothing_heavy(flag: str) -> None:
    code = (
        "import sys; from lrestore.cli.main import main; code = main([sys.argv[1]]); "
        f"print([name for name in {HEAVY!r} if name in sys.modules], code, file=sys.stderr)"
    )
    argv = [sys.executable, "-c", code, flag]
    done = subprocess.run(argv, env=_alone(), capture_output=True, text=True, check=True)
    assert done.stderr == "[] 0\n"


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_help_and_version_answer_at_once(flag: str) -> None:
    """In less than three times what the modules of Python take that every command has: 1.3, and 12 with the SDK."""
    usual = "import argparse, dataclasses, json, logging, pathlib, re, subprocess, typing"
    usual_s = _processor_time_s([sys.executable, "-c", usual])
    assert _processor_time_s([sys.executable, "-m", "lrestore", flag]) < 3 * usual_s


def test_version_prints_the_version(tmp_path: Path) -> None:
    done = lrestore("--version", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"lrestore {package.__version__}\n", "")


def test_importing_the_package_offers_three_functions() -> None:
    assert {"restore", "plan", "verify"} <= set(package.__all__)
