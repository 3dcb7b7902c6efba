"""Examples of the pages: Python is run, shell, TOML and commands in other files are read by their own parsers."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.cli.command_line import parse
from tests.cli.command import ROOT

PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def blocks(language: str, *pages: Path) -> Iterator[str]:
    for page in pages or PAGES:
        for indent, name, body in _BLOCK.findall(page.read_text(encoding="utf-8")):
            if name == language:
                yield re.sub(f"^{indent}", "", body, flags=re.MULTILINE)


def test_shell_can_be_parsed() -> None:
    found = list(blocks("sh"))
    assert len(found) > 20
    for script in found:
        done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{script}\n{done.stderr}"


def test_toml_can_be_parsed() -> None:
    found = list(blocks("toml"))
    assert found
    for text in found:
        tomllib.loads(text)


def test_python_can_be_compiled() -> None:
    found = list(blocks("python"))
    assert len(found) > 4
    for number, text in enumerate(found):
        compile(text, f"example {number}", "exec")


NIGHTLY = ROOT / "docs" / "nightly.md"


def nightly_commands() -> Iterator[list[str]]:
    """The flags of each job, in every notation of the page."""
    text = NIGHTLY.read_text(encoding="utf-8")
    yield from (shlex.split(line) for line in re.findall(r"^FLAGS=(.*)$", text, re.MULTILINE))
    yield from (shlex.split(line) for line in re.findall(r"lrestore-job \w+ (--config .*)$", text, re.MULTILINE))
    for listed in re.findall(r"\w+: \[(\"--config\".*?)\]", text, re.DOTALL):
        yield re.findall(r'"([^"]*)"', listed)


def test_jobs_of_every_scheduler_are_understood() -> None:
    commands = list(nightly_commands())
    assert len(commands) == 9, commands
    for command in commands:
        parse(command)


def test_the_python_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From top to bottom, against the demo."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "demo.toml").write_text((ROOT / "conf" / "demo.toml").read_text(encoding="utf-8"), encoding="utf-8")
    page = "\n".join(blocks("python", ROOT / "docs" / "python.md"))
    exec(compile(page, "docs/python.md", "exec"), {"__name__": "page"})
