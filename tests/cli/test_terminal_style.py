"""Colours and width: on a terminal only, and by the rules of NO_COLOR."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from lrestore.messages import Change
from lrestore.report.item_lines import PLAIN, Style, field_lines
from tests.cli.command import environment
from tests.waiting import HANG_S

SCRIPT = "from lrestore.cli.results import style_of_stdout; style = style_of_stdout(full=False); print(style)"


def style_on_a_terminal(**environ: str) -> str:
    """The style of a process whose stdout is a pseudo-terminal."""
    ours, theirs = pty.openpty()
    try:
        clean = {
            name: value for name, value in environment().items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")
        }
        command = [sys.executable, "-c", SCRIPT]
        subprocess.run(command, stdout=theirs, env={**clean, "TERM": "xterm", **environ}, timeout=HANG_S, check=True)
        return os.read(ours, 4096).decode().strip()
    finally:
        os.close(theirs)
        os.close(ours)


@pytest.mark.parametrize(
    ("environ", "style"),
    [
        ({"COLUMNS": "60"}, Style(ansi=True, width=60)),
        ({"COLUMNS": "60", "NO_COLOR": "1"}, Style(width=60)),
        ({"COLUMNS": "60", "NO_COLOR": ""}, Style(ansi=True, width=60)),
        ({"COLUMNS": "60", "TERM": "dumb"}, Style(width=60)),
        ({"COLUMNS": "60", "TERM": "dumb", "FORCE_COLOR": "1"}, Style(ansi=True, width=60)),
        ({"COLUMNS": "60", "NO_COLOR": "1", "FORCE_COLOR": "1"}, Style(width=60)),
    ],
)
def test_a_terminal_has_colours_and_a_width(environ: dict[str, str], style: Style) -> None:
    assert style_on_a_terminal(**environ) == repr(style)


@pytest.mark.parametrize(("environ", "style"), [({}, PLAIN), ({"FORCE_COLOR": "1"}, Style(ansi=True))])
def test_a_pipe_has_neither_unless_colours_are_forced(environ: dict[str, str], style: Style) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=environment(COLUMNS="60", **environ),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == repr(style)


def test_old_and_new_values_are_coloured_only_with_a_style() -> None:
    change = Change("title", "old", "new")
    assert field_lines([change], (), PLAIN) == ['    title: "old" → "new"']
    assert field_lines([change], (), Style(ansi=True)) == ['    title: \x1b[31m"old"\x1b[0m → \x1b[32m"new"\x1b[0m']
