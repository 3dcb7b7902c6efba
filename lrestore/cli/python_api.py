"""``lrestore.restore()``, ``plan()``, ``verify()`` and ``undo()``: the command line's flags as keyword arguments."""

from __future__ import annotations

import logging
import os
import sys
import typing
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from lrestore.cli import demo
from lrestore.cli.contradictions import complaint
from lrestore.cli.early_report import report_if_not_started
from lrestore.cli.events import announcing
from lrestore.cli.invocation import carry_out, mode_of, plan_keeper, request_of
from lrestore.cli.options import Options, continues_session
from lrestore.cli.output_files import OutputFile, ensure_all_writable, output_files, write_files
from lrestore.cli.settings_files import forget, remember, settings_to_resume
from lrestore.cli.signals import Interrupts
from lrestore.errors import UsageError
from lrestore.json_types import JsonObject
from lrestore.report.events import Receiver
from lrestore.report.model import Report
from lrestore.report.write import ensure_writable
from lrestore.run.surroundings import Surroundings
from lrestore.text.words import did_you_mean

log = logging.getLogger(__name__)

_ONLY_FOR_THE_SCREEN = ("config", "show", "format", "log_format", "log_file", "verbose", "quiet")
_BUDGETS = ("max_calls", "max_runtime")
"""The command line's parser checks these values; no setting does."""
_WRITTEN = ("max_runtime",)
"""Numbers that have a notation of their own, as in ``"2h"``."""


def run_from_python(
    config: str | os.PathLike[str] | None,
    select: Sequence[str],
    progress: Receiver | None,
    keywords: JsonObject,
) -> Report:
    """Run with flags given as keywords. Raises TypeError for an unknown one, RunError for what the command reports.
    ``progress`` is given each event.
    """
    for name in _ONLY_FOR_THE_SCREEN:
        if name in keywords:
            raise TypeError(f"{name} is an option of the command line only")
    options = Options(
        config=Path(config) if config is not None else None, select=_specs("select", select), **_typed(keywords)
    )
    wrong = complaint(options)
    if wrong:
        raise UsageError(wrong)
    options, settings = settings_to_resume(options, os.environ, log.info)
    request = None if continues_session(options) else request_of(options, settings)
    demo.prepare_demo(settings)
    files = output_files(options, options.report, settings.state.path)
    ensure_all_writable(files, settings.state.path)
    if options.plan_out:
        ensure_writable(options.plan_out, apart_from=settings.state.path, what="plan")
    with Interrupts() as interrupts:
        surroundings = Surroundings(
            stop=interrupts,
            publish=partial(_write_files, files=files),
            beginning=lambda session_id: remember(session_id, options, settings, os.environ),
            keep_plan=plan_keeper(options.plan_out),
            typed=f"lrestore from Python ({sys.argv[0] or 'interactive'})",
        )
        mode, appended = mode_of(options, request), bool(options.resume)
        with announcing(options.events, progress, append=appended, apart_from=settings.state.path) as announcer:
            surroundings.announcer = announcer
            with report_if_not_started(files, settings, mode, (surroundings.typed, options.reason or "")):
                report = carry_out(options, settings, request, os.environ, surroundings)
            announcer.ended(report)
        if report.mode == "restore" and report.status == "finished":
            forget(report.session_id, os.environ)
        if report.mode != "restore" or report.status != "finished":
            _write_files(report, files)
    return report


def _write_files(report: Report, files: Sequence[OutputFile]) -> None:
    """Write the files. A restore is done by then: its report is returned even if a file cannot be written."""
    _, troubles = write_files(report, files)
    if troubles and report.mode != "restore":
        raise troubles[0]
    for trouble in troubles:
        log.error("%s", trouble)


def _typed(keywords: JsonObject) -> JsonObject:
    """Convert each keyword like the flag of that name. A wrong value is refused, never ignored."""
    kinds = typing.get_type_hints(Options)
    unknown = next((name for name in keywords if name not in kinds), None)
    if unknown is not None:
        meant = did_you_mean(unknown, kinds)
        raise TypeError(
            f"there is no option {unknown!r}: options are the command line's flags, with underscores"
            + (f"; {meant}" if meant else "")
        )
    return {name: _one(name, kinds[name], given) for name, given in keywords.items()}


def _one(name: str, kind: Any, given: object) -> object:
    metadata = Options.__dataclass_fields__[name].metadata
    choices = metadata.get("choices")
    if choices and given is not None and given not in choices:
        hint = did_you_mean(str(given), map(str, choices))
        raise UsageError(f"{name} must be one of: {', '.join(choices)}; not {given!r}", hint=hint)
    if kind == list[str]:
        return _specs(name, given)
    if Path in typing.get_args(kind):
        return Path(os.fspath(typing.cast("str", given))) if given is not None else None
    if name in _WRITTEN and isinstance(given, str):
        return _as_typed(name, given, metadata["type"])
    try:
        value = msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        raise UsageError(f"{name}: {error}".replace("`", "")) from None
    if name in _BUDGETS and value is not None and not value > 0:
        raise UsageError(f"{name} must be greater than zero, not {value}")
    return value


def _as_typed(name: str, given: str, convert: Callable[[str], object]) -> object:
    """A text is read as on the command line: ``max_runtime="2h"``."""
    try:
        return convert(given)
    except ArgumentTypeError as error:
        raise UsageError(f"{name}: {error}") from None


def _specs(name: str, given: object) -> list[str]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise UsageError(f"{name} is a list of SPECs", hint=f"{name}=[{given!r}]")
    specs = list(given)
    odd = next((spec for spec in specs if not isinstance(spec, str)), None)
    if odd is not None:
        raise UsageError(f"{name} is a list of SPECs, but {odd!r} is not text", hint='write "dashboard=42"')
    return specs
