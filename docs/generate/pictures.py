"""Makes the pictures of the README from a run of the demo: ``python -m docs.generate.pictures``.

``docs/images/terminal.svg`` shows a plan and a verification as a terminal shows them, ``report.png`` the page of
``--html``. Needs ``pip install rich``, and Chromium.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

IMAGES = Path(__file__).parents[1] / "images"
_COLUMNS = 104
_FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace"
_WEB_FONT = re.compile(r"@font-face \{.*?\}", re.DOTALL)
_SCREEN = re.compile(r"destination .*?\n\n", re.DOTALL)
_OPERATIONS = re.compile(r"^(?:  \w+ +\d+\n)+", re.MULTILINE)


def run(folder: Path, *flags: str) -> str:
    """The output of a run, with colours, as a user sees it."""
    environ = {**os.environ, "FORCE_COLOR": "1", "PYTHONPATH": str(Path.cwd()), "XDG_STATE_HOME": str(folder)}
    command = [sys.executable, "-m", "lrestore", *flags]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    if done.returncode > 1:
        raise RuntimeError(done.stderr)
    return done.stdout


def terminal(folder: Path) -> str:
    """The plan, the restore and the verification as SVG: without the screen before the plan, and the operations."""
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True)
    demo = ("--config", "demo.toml")
    for flags in ((*demo, "--plan"), demo, (*demo, "--verify")):
        out = run(folder, *flags, *(["--html", "report.html"] if flags == demo else []))
        out = _OPERATIONS.sub("  ...\n", _SCREEN.sub("", out, count=1))
        if flags == demo:
            # What was changed is what the plan shows.
            out = "...\n\n" + out[out.index("3 items:") :].partition("report: ")[0]
        console.print(Text(f"$ lrestore {' '.join(flags)}", style="bold"))
        console.print(Text.from_ansi(out.partition("report: ")[0]), soft_wrap=False)
    return _WEB_FONT.sub("", console.export_svg(title="lrestore")).replace("Fira Code, monospace", _FONT)


def screenshot(page: Path, into: Path) -> None:
    """The page, with an item unfolded."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        raise RuntimeError("needs Chromium")
    flags = ("--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1000,1150")
    command = [browser, *flags, f"--user-data-dir={page.parent / 'profile'}", f"--screenshot={into}"]
    subprocess.run([*command, f"{page.as_uri()}#search=shipping"], capture_output=True, check=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "demo.toml").write_text(run(folder, "--print-config", "demo"), encoding="utf-8")
        (IMAGES / "terminal.svg").write_text(terminal(folder), encoding="utf-8")
        screenshot(folder / "report.html", IMAGES / "report.png")


if __name__ == "__main__":
    main()
