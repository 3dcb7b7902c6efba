"""Examples of the pages: Python is run, shell, TOML and commands in other files are read by their own parsers."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.cli.command_line import parse_command_line
from tests.cli.command import ROOT, environment, lrestore

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
        parse_command_line(command)


def test_the_script_of_the_jobs_mails_the_subject_that_the_page_shows(tmp_path: Path) -> None:
    """Of a drift in the demo."""
    (script,) = (body for body in blocks("sh", NIGHTLY) if body.startswith("#!/bin/sh"))
    programs = {
        "lrestore": f'exec {shlex.quote(sys.executable)} -m lrestore "$@"',
        "mail": 'printf "%s\\n" "$@" > mailed; cat >> mailed',
        "lrestore-job": script.replace("/var/lib/lrestore", shlex.quote(str(tmp_path))),
    }
    for name, body in programs.items():
        (tmp_path / name).write_text(body if body.startswith("#!") else f"#!/bin/sh\n{body}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "demo.toml").write_bytes((ROOT / "conf" / "demo.toml").read_bytes())
    argv = ["drift", "--config", "demo.toml", "--select", "all", "--verify=both", "--drift-exit-code", "10"]
    environ = environment(PATH=f"{tmp_path}:{os.environ['PATH']}", XDG_STATE_HOME=str(tmp_path))
    done = subprocess.run(["lrestore-job", *argv], env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (10, "")
    flag, subject, to, first, *_ = (tmp_path / "mailed").read_text(encoding="utf-8").splitlines()
    assert (flag, to, first) == ("-s", "bi-team@example.com", f"# {subject.removeprefix('[exit 10] ')}")
    assert f"\n{first.removeprefix('# ')}\n" in NIGHTLY.read_text(encoding="utf-8")
    assert (tmp_path / "drift.prom").exists() and (tmp_path / "drift.html").exists()


def test_the_python_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From top to bottom, against the demo."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "demo.toml").write_text((ROOT / "conf" / "demo.toml").read_text(encoding="utf-8"), encoding="utf-8")
    page = "\n".join(blocks("python", ROOT / "docs" / "python.md"))
    exec(compile(page, "docs/python.md", "exec"), {"__name__": "page"})


def test_getting_started_runs_and_prints_what_it_shows(tmp_path: Path) -> None:
    """Up to the undo, each command in its order; each line of an example is in the output of the command above it."""
    (tmp_path / "demo.toml").write_bytes((ROOT / "conf" / "demo.toml").read_bytes())
    page = (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8").partition("## 8")[0]
    commands = 0
    told, session = "", ""
    for _, language, body in _BLOCK.findall(page.replace("`lrestore --config demo.toml --undo SESSION`", UNDO)):
        if language == "text":
            shown = [line.removesuffix(" ...") for line in body.splitlines() if line.strip() != "..."]
            assert [line for line in shown if line not in told] == []
            continue
        for line in re.findall(r"^lrestore (--config .*)$", body, re.MULTILINE):
            argv = shlex.split(line.replace("SESSION", session))
            done = lrestore(*argv, *QUICKLY.get(argv[-1], ()), cwd=tmp_path, XDG_STATE_HOME=str(tmp_path))
            assert done.returncode == (1 if "--rehearse=empty" in argv else 0), done.stderr
            told, commands = done.stdout, commands + 1
            session = (re.findall(r"--undo (\S+)", done.stderr) or [session])[-1]
    assert commands == 8


UNDO = "\n```sh\nlrestore --config demo.toml --undo SESSION\n```\n"
QUICKLY = {"--rehearse=empty": ("--rehearse-latency", "0")}
