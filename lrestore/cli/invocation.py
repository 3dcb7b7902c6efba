"""From parsed flags to a report, without output: the part that the command line and the Python functions share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from lrestore.cli import quick_start
from lrestore.cli.options import Options, flag_settings
from lrestore.errors import UsageError
from lrestore.filters import Filters
from lrestore.report.rehearsal import REHEARSE
from lrestore.restoration.beside import TITLE, Beside
from lrestore.run.compare import ignore_rules
from lrestore.run.request import CreatedObjects, RunMode, RunRequest, Undo
from lrestore.run.surroundings import Surroundings
from lrestore.settings import SIMULATOR, Settings, load_settings, require_destination, require_source

if TYPE_CHECKING:
    from lrestore.cli.rehearsal.run import WorldKind
    from lrestore.credentials import Credentials
    from lrestore.report.model import Report
    from lrestore.run.saved_plan.model import SavedPlan

DEFAULT_CONFIG = Path("lrestore.toml")
CHECKS: Mapping[str, Callable[[object], str]] = {"verify.ignore": ignore_rules.wrong_pattern}
"""Checks of settings that need to know Looker's types."""


def plan_keeper(file: Path | None) -> Callable[[SavedPlan], object] | None:
    """Writes a plan to ``--plan-out``; None without that flag."""
    if file is None:
        return None
    from lrestore.run.saved_plan.file import write_plan

    return partial(write_plan, path=file)


def settings_of(options: Options, environ: Mapping[str, str]) -> Settings:
    """Flags over environment over file over defaults. Raises SettingsError, which names a missing file."""
    file = options.config or (DEFAULT_CONFIG if DEFAULT_CONFIG.is_file() else None)
    return load_settings(file, environ, flag_settings(options), CHECKS)


def filters_of(options: Options) -> Filters:
    """The filters of the flags. Raises UsageError for a date that is none."""
    return Filters(
        owner=options.owner or "",
        folder=options.folder or "",
        name=options.name or "",
        updated_since=options.updated_since or "",
        updated_before=options.updated_before or "",
        include_deleted=options.include_deleted,
    )


def request_of(options: Options, settings: Settings) -> RunRequest:
    """The request of the flags. Raises UsageError without a selection: nothing is ever restored by accident."""
    select = tuple(options.select or (() if options.undo else settings.run.select))
    if not select and not options.undo:
        raise UsageError(
            f"nothing is selected{'' if _mode(options) == 'restore' else ' to ' + _mode(options)}",
            hint="use --select dashboard=42 or --select all; add --plan to see what would be done; see --help",
        )
    return RunRequest(
        mode=_mode(options),
        verify_after=options.verify == "after",
        only_live=options.verify == "both",
        select=select,
        exclude=tuple(options.exclude),
        filters=filters_of(options),
        allow_alert_loss=options.allow_alert_loss,
        disable_schedules=options.disable_schedules,
        yes=options.yes,
        with_dependencies=options.with_dependencies is not None,
        content_only=options.with_dependencies == "content",
        max_calls=options.max_calls,
        max_runtime_s=options.max_runtime,
        undo=_undo(options),
        override=tuple(options.override),
        as_of=options.as_of or "",
        reason=options.reason or "",
        beside=_beside(options),
    )


def _beside(options: Options) -> Beside | None:
    if options.copy_into is None:
        return None
    return Beside(folder=options.copy_into.strip(), title=options.title or TITLE)


def _undo(options: Options) -> Undo | None:
    if options.undo is None:
        return None
    created = cast("CreatedObjects", options.undo_created or "trash")
    return Undo(session=options.undo, created=created, force=options.force)


def continue_session(
    options: Options, settings: Settings, environ: Mapping[str, str], surroundings: Surroundings
) -> Report:
    """``--resume``, ``--retry-dead-letters`` and ``--apply``. Raises RunError; items that fail are in the report."""
    from lrestore.run.request import ThisStart
    from lrestore.run.resume import resume, retry
    from lrestore.run.start import apply

    require_destination(settings)
    now = ThisStart(
        yes=options.yes,
        rate=options.rate,
        max_calls=options.max_calls,
        max_runtime_s=options.max_runtime,
        verify_after=options.verify is not None,
        select=tuple(options.select),
        exclude=tuple(options.exclude),
        override=tuple(options.override),
        reason=options.reason or "",
    )
    with reachable(settings, environ, surroundings.warn) as (there, credentials):
        here = surroundings.reaching(credentials, _source(settings, environ, surroundings.warn))
        if options.apply:
            return apply(there, options.apply, here, now)
        if options.resume:
            return resume(there, options.resume, here, now)
        return retry(there, options.retry_dead_letters or "", here, now)


def carry_out(
    options: Options,
    settings: Settings,
    request: RunRequest | None,
    environ: Mapping[str, str],
    surroundings: Surroundings,
) -> Report:
    """Carry out the mode of the flags; ``request`` is None if they continue a session or apply a plan. Raises
    RunError; items that fail are in the report.
    """
    # Every mode needs most of the modules.
    import lrestore.run.start  # noqa: F401

    quick_start.end_loading()
    if request is None:
        return continue_session(options, settings, environ, surroundings)
    if not options.rehearse:
        return run_request(settings, request, environ, surroundings)
    from lrestore.cli.rehearsal.run import rehearse

    world = cast("WorldKind", options.rehearse)
    return rehearse(settings, request, surroundings, world, options.rehearse_latency)


def mode_of(options: Options, request: RunRequest | None) -> str:
    """The mode, as the report names it."""
    return REHEARSE if options.rehearse else request.mode if request else "restore"


def run_request(
    settings: Settings, request: RunRequest, environ: Mapping[str, str], surroundings: Surroundings
) -> Report:
    """Run the request. Raises RunError; items that fail are in the report."""
    from lrestore.run.start import execute

    with destination(settings, request, environ, surroundings.warn) as (there, credentials):
        here = surroundings.reaching(credentials, _source(settings, environ, surroundings.warn))
        return execute(there, request, here)


@contextmanager
def destination(
    settings: Settings, request: RunRequest, environ: Mapping[str, str], warn: Callable[[str], None]
) -> Iterator[tuple[Settings, Callable[[], Credentials]]]:
    """The settings with a reachable destination, and its credentials: the embedded simulator's, or the user's."""
    if request.undo is None:
        require_source(settings)
    if request.mode == "dry-run":
        yield settings, lambda: _credentials(settings, environ, warn)
        return
    require_destination(settings)
    with reachable(settings, environ, warn) as there:
        yield there


@contextmanager
def reachable(
    settings: Settings, environ: Mapping[str, str], warn: Callable[[str], None]
) -> Iterator[tuple[Settings, Callable[[], Credentials]]]:
    """The settings and credentials of the destination; starts the embedded simulator if it is the destination."""
    if settings.destination.base_url == SIMULATOR:
        from lrestore.cli.demo import simulated

        with simulated(settings) as (simulator, credentials):
            yield simulator, lambda: credentials
    else:
        yield settings, lambda: _credentials(settings, environ, warn)


def _credentials(settings: Settings, environ: Mapping[str, str], warn: Callable[[str], None]) -> Credentials:
    from lrestore.credentials import destination_credentials
    from lrestore.logs import redact

    credentials, warnings = destination_credentials(settings, environ)
    redact(credentials.client_secret)
    for warning in warnings:
        warn(warning)
    return credentials


def _source(
    settings: Settings, environ: Mapping[str, str], warn: Callable[[str], None]
) -> Callable[[], Credentials | None]:
    """A function that returns the credentials of the source instance; they are read when it is called."""

    def credentials() -> Credentials | None:
        from lrestore.credentials import source_credentials
        from lrestore.logs import redact

        found, warnings = source_credentials(settings, environ)
        redact(found.client_secret)
        for warning in warnings:
            warn(warning)
        return found

    return credentials


def _mode(options: Options) -> RunMode:
    if options.dry_run:
        return "dry-run"
    if options.plan or options.plan_out:
        return "plan"
    return "verify" if options.verify in ("alone", "both") else "restore"
