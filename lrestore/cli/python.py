"""``lrestore.restore()`` and its kin: the command line's flags as keyword arguments."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lrestore.cli import demo
from lrestore.cli.options import Options, complaint
from lrestore.cli.running import Audience, request_of, run, settings_of
from lrestore.errors import UsageError
from lrestore.report.model import Report
from lrestore.report.write import ensure_writable, write_report

_ONLY_FOR_THE_SCREEN = ("config", "show", "format", "log_format", "log_file", "verbose", "quiet")


def run_from_python(config: str | os.PathLike[str] | None, select: Sequence[str], keywords: dict[str, Any]) -> Report:
    """Run with flags given as keywords. Raises TypeError for an unknown one, RunError as the command would say it."""
    if isinstance(select, str):
        raise UsageError("select is a list of SPECs", hint=f"select=[{select!r}]")
    for name in _ONLY_FOR_THE_SCREEN:
        if name in keywords:
            raise TypeError(f"{name} is an option of the command line only")
    options = Options(config=Path(config) if config is not None else None, select=list(select), **keywords)
    wrong = complaint(options)
    if wrong:
        raise UsageError(wrong)
    settings = settings_of(options, os.environ)
    request = request_of(options, settings)
    demo.prepare(settings)
    if options.report:
        ensure_writable(options.report)
    report = run(settings, request, os.environ, Audience())
    if options.report:
        write_report(report, options.report)
    return report
