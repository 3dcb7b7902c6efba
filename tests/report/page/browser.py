"""A real browser for the page: Debian's Chromium, without a screen and without a network."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

REQUIRED = "LRESTORE_TEST_BROWSER"
"""Set where the tests of the page must run: without a browser they fail there, and are skipped elsewhere."""

_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


def browser() -> str:
    """The path of Chromium; skips the test where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        if os.environ.get(REQUIRED):
            pytest.fail(f"{REQUIRED} is set, and there is no Chromium")
        pytest.skip("needs Chromium")
    return found


def shown(page: Path, fragment: str = "", *flags: str) -> str:
    """The document after its scripts have run, as HTML."""
    return _run(page, fragment, "--dump-dom", *flags)


def printed(page: Path, into: Path) -> bytes:
    """The page as PDF."""
    _run(page, "", f"--print-to-pdf={into}")
    return into.read_bytes()


def _run(page: Path, fragment: str, *flags: str) -> str:
    address = page.as_uri() + (f"#{fragment}" if fragment else "")
    command = [browser(), *_FLAGS, f"--user-data-dir={page.parent / 'profile'}", *flags, address]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=600).stdout
