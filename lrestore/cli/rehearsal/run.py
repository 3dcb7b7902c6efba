"""Runs a rehearsal: world, simulated Looker, restore, report."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from lrestore.cli.options import GUARDS
from lrestore.cli.rehearsal.pace import Rehearsed, rehearsal_pace
from lrestore.cli.rehearsal.scratch import scratch, size_of, unusable_folder
from lrestore.cli.rehearsal.world import Loaded, lines_refused, write_world
from lrestore.clock import utc_now
from lrestore.credentials import Credentials
from lrestore.errors import DestinationError, StateError
from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey
from lrestore.report.model import Report, ReportedDestination
from lrestore.report.rehearsal import REHEARSE, NotSimulated, Rehearsal
from lrestore.run.request import RunRequest
from lrestore.run.start import execute
from lrestore.run.surroundings import Surroundings
from lrestore.settings import SIMULATOR, Settings, require_source
from lrestore.simulator.http.remote import SimulatorProcess
from lrestore.state.read import StateReader
from lrestore.state.undo_folder import state_folder
from lrestore.state.writer import StateWriter
from lrestore.text.words import size
from lrestore.vault.backups.source import open_source

log = logging.getLogger(__name__)

_MEMORY_PER_BYTE = 4
"""Measured: 361 MB for a world of 99 MB with 5,000 objects."""

WorldKind = Literal["backup", "empty"]


def rehearse(
    settings: Settings,
    request: RunRequest,
    surroundings: Surroundings,
    world: WorldKind,
    latency_ms: float | None,
) -> Report:
    """Restore into a simulated Looker with the content of the backup, or into an empty one. Raises RunError if the
    rehearsal cannot start. ``surroundings``: of them only progress, stop, events, log and
    the typed command are used.
    """
    require_source(settings)
    state_warning = unusable_folder(Path(settings.state.path))
    if state_warning:
        log.warning("%s", state_warning)
    pace = rehearsal_pace(settings, latency_ms)
    with ExitStack() as resources:
        folder = resources.enter_context(scratch(Path(settings.state.path)))
        simulator, loaded, problems = resources.enter_context(
            _simulated(settings, request, folder, world, pace, surroundings.stop)
        )
        inside = _settings(settings, folder, simulator.base_url, pace)
        _take_records(settings, inside, pace.release)
        log.info("rehearsal: nothing is sent to another machine, and nothing is kept; %s", pace.sources)
        surroundings.announcer.mode = REHEARSE
        credentials = Credentials(simulator.client_id, simulator.client_secret)
        here = Surroundings(
            progress=surroundings.progress,
            stop=surroundings.stop,
            log=surroundings.log,
            announcer=surroundings.announcer,
            command="",
            typed=surroundings.typed,
        ).reaching(lambda: credentials)
        report = execute(inside, msgspec.structs.replace(request, yes=True, override=GUARDS), here)
        state = Path(inside.state.path)
        rehearsal = Rehearsal(
            world=world,
            objects=loaded.objects,
            stand_ins=loaded.stand_ins,
            latency_ms=pace.latency_ms,
            latencies_ms=dict(pace.latencies_ms),
            per_second=pace.per_second,
            pace=pace.sources,
            undo_bytes=size_of(state_folder(state)),
            state_bytes=size_of(state),
            problems=problems,
        )
    return _completed(report, settings, rehearsal, state_warning)


@contextmanager
def _simulated(
    settings: Settings, request: RunRequest, folder: Path, world: WorldKind, pace: Rehearsed, stop: Callable[[], bool]
) -> Iterator[tuple[SimulatorProcess, Loaded, tuple[NotSimulated, ...]]]:
    """The simulated Looker, its content, and the objects that it does not hold."""
    file = folder / "world.ndjson"
    named = (("user", settings.run.fallback_owner), ("folder", settings.run.fallback_folder))
    needed = [ItemKey(type_name, key) for type_name, key in named if key]
    with open_source(settings.source, request.as_of) as vault:
        log.info("loading the backup into a simulated Looker on this machine")
        try:
            empty, limit = world == "empty", settings.run.max_item_bytes
            loaded = write_world(vault, file, needed, empty=empty, max_item_bytes=limit, stop=stop)
        except OSError as error:
            raise StateError(f"cannot write the world of the rehearsal to {file}: {error.strerror or error}") from error
        _warn_of_memory(file)
        arguments = ["--world", str(file), "--tolerant", "--latency-ms", str(pace.latency_ms)]
        try:
            simulator = SimulatorProcess([*arguments, "--release", pace.release], bound=True)
        except RuntimeError as error:
            raise DestinationError(f"cannot rehearse: {error}") from error
        with simulator:
            file.unlink()
            simulator.configure(latencies_ms=pace.latencies_ms)
            yield simulator, loaded, (*loaded.problems, *lines_refused(loaded, simulator.skipped, vault))


def _warn_of_memory(world: Path) -> None:
    """The simulated Looker holds all objects in memory. Says nothing where the system does not tell what is free."""
    needed = world.stat().st_size * _MEMORY_PER_BYTE
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return
    if needed > free:
        log.warning(
            "the simulated Looker needs about %s of memory, and %s are free: the system may end it",
            *map(size, (needed, free)),
        )


def _settings(settings: Settings, folder: Path, base_url: str, pace: Rehearsed) -> Settings:
    """The settings of the run inside: another destination, another state file, no source instance."""
    replaced = msgspec.structs.replace
    destination = replaced(settings.destination, base_url=base_url, verify_ssl=False, proxy="none", simulator_world="")
    destination = replaced(destination, name=settings.destination.name or SIMULATOR)
    run = settings.run
    if run.new_folder_access == "copy":
        log.warning("access lists are not rehearsed: they would be read from the source instance")
        run = replaced(run, new_folder_access="inherit")
    return replaced(
        settings,
        source=replaced(settings.source, base_url=""),
        destination=destination,
        state=replaced(settings.state, path=str(folder / "state.db")),
        run=run,
        rate=replaced(settings.rate, per_second=pace.per_second),
    )


def _take_records(settings: Settings, inside: Settings, release: str) -> None:
    """Give the run inside what a restore would find in the state file: the destination's specification, which it would
    not ask for, and the rate with which its limiter would begin.
    """
    if not release:
        return
    # It loads the libraries that start processes, which a rehearsal of a few items does not need.
    from lrestore.run.bulk.start import REMEMBERED

    name = settings.destination.name
    with StateReader.open(settings.state.path) as reader, StateWriter.open(inside.state.path) as writer:
        found = reader.specification(name, release)
        if found is not None:
            writer.record_specification(name, release, found)
        recent = reader.recent_pace(name, utc_now() - REMEMBERED)
        if recent is not None:
            session = reader.session(recent.session_id)
            writer.begin_session(msgspec.structs.replace(session, parent_id=""))
            writer.end_session(session.id, "finished", session.totals)
            writer.record_pace(session.id, recent)


def _completed(report: Report, settings: Settings, rehearsal: Rehearsal, warning: str) -> Report:
    """The report of the run inside as that of a rehearsal, with one more warning if there is one."""
    there = ReportedDestination(settings.destination.name or SIMULATOR, SIMULATOR, report.destination.looker_version)
    more: JsonObject = {"mode": REHEARSE, "destination": there, "rehearsal": rehearsal}
    more["warnings"] = (*report.warnings, *([warning] if warning else []))
    return msgspec.structs.replace(report, **more)
