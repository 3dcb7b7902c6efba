"""Runs a command for a terminal or a cron job: log, progress, question, results, report file."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TextIO

import msgspec

from lrestore.cli import demo
from lrestore.cli.early_report import report_if_not_started
from lrestore.cli.events import announcing
from lrestore.cli.invocation import carry_out, mode_of, plan_keeper, request_of
from lrestore.cli.options import Options, command_words, continues_session
from lrestore.cli.output import write_out
from lrestore.cli.output_files import OutputFile, ensure_all_writable, output_files, write_files
from lrestore.cli.results import closing, exit_code, results, style_of_stdout
from lrestore.cli.settings_files import forget, remember, settings_to_resume
from lrestore.cli.signals import Stopping
from lrestore.errors import LrestoreError, StoppedError
from lrestore.logs import configure
from lrestore.report.guards import Foreseen, question
from lrestore.report.item_lines import Style
from lrestore.report.model import Report
from lrestore.report.progress import ProgressDisplay, progress_on
from lrestore.report.write import ensure_writable
from lrestore.run.surroundings import LogSetup, Surroundings
from lrestore.text.direction import isolated
from lrestore.text.terminal import plain

log = logging.getLogger(__name__)


class _Publisher:
    """Publishes the report once: to its files and to stdout. A finished restore is published before it is marked so."""

    def __init__(
        self, files: Sequence[OutputFile], stopping: Stopping, style: Style, options: Options, *, calls_listed: bool
    ) -> None:
        self._files = files
        self._stopping = stopping
        self._style = style
        self._options = options
        self._calls_listed = calls_listed
        self._code: int | None = None

    def publish(self, report: Report) -> int:
        """Publish the report, unless that was done; returns the exit code."""
        if self._code is None:
            self._code = self._write(report)
        return self._code

    def _write(self, report: Report) -> int:
        """Write the files and the results on stdout, each even if another fails; return the exit code.

        After a restore, an error here changes exit code 0 to 1, but is never reported as "not started".
        """
        shown = self._shown(report)
        written, troubles = write_files(report, self._files)
        shown += "".join(f"{file.what}: {plain(str(file.path))}\n" for file in written)
        troubles += _trouble(lambda: write_out(shown + closing(report)))
        if troubles and report.mode != "restore":
            raise troubles[0]
        for trouble in troubles:
            log.error("%s", trouble)
        code = self._exit_code(report)
        return max(code, 1) if troubles else code

    def _exit_code(self, report: Report) -> int:
        """The exit code. After a signal it is that of the signal, even if the run ended as "stopped"."""
        if report.status == "interrupted" or (report.status == "stopped" and self._stopping()):
            return self._stopping.exit_code
        return (
            StoppedError.exit_code
            if report.status == "stopped"
            else exit_code(report, self._options.drift_exit_code or 1)
        )

    def _shown(self, report: Report) -> str:
        """The results on stdout."""
        shown = results(report, self._style, calls_listed=self._calls_listed)
        if self._options.plan_out and report.status == "finished":
            name = plain(str(self._options.plan_out))
            shown += f"plan: {name}; carry it out with: {command_words(self._options, '--apply', name)}\n"
        return shown


class _AboveTheBar:
    """A stream for the log whose lines do not break the progress bar."""

    def __init__(self, progress: ProgressDisplay, stream: TextIO) -> None:
        self._progress = progress
        self._stream = stream

    def write(self, text: str) -> int:
        line = text.removesuffix("\n")
        self._progress.say(isolated(line) if self._stream.isatty() else line)
        return len(text)

    def flush(self) -> None:
        self._stream.flush()


def run_session(options: Options, environ: Mapping[str, str], stopping: Stopping) -> int:
    """Run according to the flags; returns the exit code. Raises RunError if the run could not start or had to end."""
    progress = progress_on(sys.stderr, quiet=options.quiet, tell=log.info if options.log_format == "json" else None)
    configure_log(options, progress)
    options, settings = settings_to_resume(options, environ, log.info)
    request = None if continues_session(options) else request_of(options, settings)
    is_demo = demo.is_demo(settings)
    report_file = options.report or (demo.report_path(settings) if is_demo else None)
    if is_demo and demo.prepare_demo(settings):
        log.info("demo: created a backup, and a simulated Looker that has drifted from it")
    files = output_files(options, report_file, settings.state.path)
    ensure_all_writable(files, settings.state.path)
    if options.plan_out:
        ensure_writable(options.plan_out, apart_from=settings.state.path, what="plan")
    style = style_of_stdout(full=options.verbose)
    publisher = _Publisher(files, stopping, style, options, calls_listed=is_demo)
    surroundings = Surroundings(
        progress=progress,
        confirm=lambda foreseen: _confirmed(foreseen, stopping),
        stop=stopping,
        warn=log.warning,
        log=_log_setup(options),
        begun=stopping.begun,
        unresumable=stopping.unresumable,
        publish=publisher.publish,
        beginning=lambda session_id: remember(session_id, options, settings, environ),
        keep_plan=plan_keeper(options.plan_out),
        asks=sys.stdin.isatty() and sys.stderr.isatty(),
        command=command_words(options),
        typed=stopping.typed,
    )
    audit = (stopping.typed, options.reason or "")
    mode = mode_of(options, request)
    appended = bool(options.resume)
    with announcing(options.events, append=appended, apart_from=settings.state.path) as surroundings.announcer:
        with report_if_not_started(files, settings, mode, audit):
            report = carry_out(options, settings, request, environ, surroundings)
        if stopping() and report.mode != "restore":
            report = msgspec.structs.replace(report, status="interrupted")
        surroundings.announcer.ended(report)
    if report.mode == "restore" and report.status == "finished":
        forget(report.session_id, environ)
    if report.mode == "restore" and report.dead_letters:
        stopping.failed(_retry(options, report.session_id))
    return publisher.publish(report)


def _retry(options: Options, session_id: str) -> str:
    """The command that tries the dead letters of a session again."""
    return command_words(options, "--retry-dead-letters", session_id)


def configure_log(options: Options, progress: ProgressDisplay) -> None:
    """Logging to stderr, and to ``--log-file``."""
    stream = _AboveTheBar(progress, sys.stderr)
    configure(
        level=_level(options),
        format=options.log_format,
        file=options.log_file,
        stream=stream,
        stream_level=_stream_level(options),
    )


def _level(options: Options) -> int:
    """The level of the file, if there is one: ``--quiet`` keeps the log off stderr only."""
    return logging.DEBUG if options.verbose else logging.INFO if options.log_file else _stream_level(options)


def _stream_level(options: Options) -> int:
    return logging.DEBUG if options.verbose else logging.WARNING if options.quiet else logging.INFO


def _log_setup(options: Options) -> LogSetup:
    """The log settings for the processes of a bulk run, which have no progress bar."""

    file = str(options.log_file) if options.log_file else None
    return LogSetup(_level(options), options.log_format, file, _stream_level(options))


def _trouble(write: Callable[[], None]) -> list[LrestoreError]:
    """The errors of ``write``, of any kind: the work is done, and reporting it must not fail."""
    try:
        write()
    except LrestoreError as error:
        return [error]
    except Exception as error:  # noqa: BLE001 (it is reported like the others)
        return [LrestoreError(f"internal error while writing the results: {type(error).__name__}: {error}")]
    return []


def _confirmed(foreseen: Foreseen, stopping: Stopping) -> bool:
    """Ask on the terminal."""
    with stopping.nothing_under_way():
        sys.stderr.write(f"{question(foreseen)} [y/N] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().casefold() in ("y", "yes")
