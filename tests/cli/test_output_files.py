"""The files that a run writes besides its report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.run.cli_harness import CliHarness

FLAGS = ("--summary", "out/s.md", "--html", "out/r.html", "--metrics", "out/m.prom")


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[CliHarness]:
    with CliHarness(tmp_path) as harness:
        (tmp_path / "out").mkdir()
        yield harness


def test_every_file_is_written_and_replaced_by_the_next_run(harness: CliHarness) -> None:
    harness.simulator.fault("status:403", match={"path": "/looks*"})
    code, said = harness.run("--select", "look=1", *FLAGS)
    assert code == 1, said
    texts = {file.name: file.read_text(encoding="utf-8") for file in (harness.directory / "out").iterdir()}
    session = harness.report()["session_id"]
    assert texts["s.md"].startswith("# lrestore: ") and session in texts["s.md"]
    assert texts["r.html"].startswith("<!doctype html>") and session in texts["r.html"]
    assert "\nlrestore_open_dead_letters{" in texts["m.prom"]
    (open_letters,) = [line for line in texts["m.prom"].splitlines() if line.startswith("lrestore_open_dead_letters{")]
    assert open_letters.endswith("} 1")
    code, said = harness.run("--select", "look=1", "--dry-run", *FLAGS)
    assert code == 0, said
    assert {name for name, text in texts.items() if (harness.directory / "out" / name).read_text() == text} == set()


def test_a_file_that_is_something_else_is_refused_before_the_run(harness: CliHarness) -> None:
    before = (harness.directory / "vault.db").read_bytes()
    code, said = harness.run("--select", "look=1", "--metrics", "vault.db")
    assert code == 2 and "vault.db exists and does not hold the metrics" in said, said
    assert (harness.directory / "vault.db").read_bytes() == before
