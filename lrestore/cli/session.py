"""One run as a person at a terminal, or a cron job, meets it: log, progress, question, results, report file."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

import msgspec

from lrestore.cli import demo
from lrestore.cli.options import Options
from lrestore.cli.output import write_out
from lrestore.cli.results import exit_code, results
from lrestore.cli.running import Audience, go_on, request_of, run, settings_of
from lrestore.cli.stopping import Stopping
from lrestore.errors import RunError
from lrestore.logs import configure
from lrestore.report.model import Report
from lrestore.report.progress import Progress, progress_on
from lrestore.report.text import Style
from lrestore.report.write import ensure_writable, write_report

log = logging.getLogger(__name__)

STOPPED_EARLY = 4
"""Exit code of a run that ended before its work was done."""


class _AboveTheBar:
    """A stream for the log whose lines don't cut through the progress bar."""

    def __init__(self, progress: Progress, stream: TextIO) -> None:
        self._progress = progress
        self._stream = stream

    def write(self, text: str) -> int:
        self._progress.say(text.removesuffix("\n"))
        return len(text)

    def flush(self) -> None:
        self._stream.flush()


def run_session(options: Options, environ: Mapping[str, str], stopping: Stopping) -> int:
    """Run what the flags ask for; the exit code. Raises RunError where it could not be started or had to end."""
    settings = settings_of(options, environ)
    goes_on = bool(options.resume or options.retry_dead_letters)
    request = None if goes_on else request_of(options, settings)
    is_demo = demo.is_demo(settings)
    report_file = options.report or (demo.report_path(settings) if is_demo else None)
    progress = progress_on(sys.stderr, quiet=options.quiet)
    configure_log(options, progress)
    if is_demo and demo.prepare(settings):
        log.info("demo: made a backup, and a simulated Looker that has drifted from it")
    if report_file:
        ensure_writable(report_file)
    audience = Audience(progress, lambda count: _confirmed(count, stopping), stopping, log.warning)
    report = run(settings, request, environ, audience) if request else go_on(options, settings, environ, audience)
    if stopping() and report.mode != "restore":
        report = msgspec.structs.replace(report, status="interrupted")
    return _tell(report, report_file, stopping, calls_listed=is_demo)


def configure_log(options: Options, progress: Progress) -> None:
    """Logging to stderr, and to ``--log-file``."""
    level = logging.DEBUG if options.verbose else logging.WARNING if options.quiet else logging.INFO
    stream = _AboveTheBar(progress, sys.stderr)
    configure(level=level, format=options.log_format, file=options.log_file, stream=stream)


def _tell(report: Report, file: Path | None, stopping: Stopping, *, calls_listed: bool) -> int:
    """The report into its file first: a closed stdout must not cost it."""
    if file:
        write_report(report, file)
    ansi = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    shown = results(report, Style(ansi=ansi), calls_listed=calls_listed)
    try:
        write_out(shown + (f"report: {file}\n" if file else ""))
    except RunError as error:
        if report.mode != "restore":
            raise
        # What was written is written: "not started" would be a lie, and the report's file may be there.
        log.error("%s", error)  # noqa: TRY400 (no traceback: it is no mistake of ours)
    if report.status == "interrupted":
        return stopping.exit_code
    return STOPPED_EARLY if report.status == "stopped" else exit_code(report)


def _confirmed(count: int, stopping: Stopping) -> bool:
    """Ask on a terminal; without one go ahead."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return True
    with stopping.nothing_under_way():
        sys.stderr.write(f"write up to {count} objects? [y/N] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().casefold() in ("y", "yes")
