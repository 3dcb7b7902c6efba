"""The first calls of a run to its destination: the login, the caller, Looker's release, the specification."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from lrestore.looker.read.live import Live
from lrestore.looker.session import LookerSession, session_for
from lrestore.run.job import interruptible
from lrestore.run.limiter import LimiterConfig, SharedLimiter
from lrestore.run.limiter.config import START_ALONE_PER_SECOND
from lrestore.run.limiter.outage import is_failure
from lrestore.run.prepare.api_specification import Known, load_api_specification
from lrestore.run.prepare.preflight import AdminCheck, connect_destination
from lrestore.run.request import RunRequest
from lrestore.run.surroundings import Surroundings
from lrestore.settings import Settings

Stops = list[Callable[[], bool]]
"""Reasons to end all waiting for the destination. More may be added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduced:
    """A destination that the run has logged in to. ``limiter`` admits each call of the run."""

    session: LookerSession
    live: Live
    specification: Known
    limiter: SharedLimiter
    is_admin: AdminCheck
    pause: Callable[[float], bool]
    stops: Stops


def introduce(
    settings: Settings, request: RunRequest, surroundings: Surroundings, stops: Stops, resources: ExitStack
) -> Introduced:
    """Log in; read user, release and specification. ``resources`` are closed by the caller.

    Raises DestinationError if the destination cannot be used, UsageError if there are no credentials.
    """
    pause = interruptible(lambda: any(stop() for stop in stops))
    limiter = resources.enter_context(SharedLimiter.alone(limits_alone(settings, request), pause=pause))
    read_only = request.mode != "restore"
    session = resources.enter_context(
        session_for(settings, surroundings.credentials(), pause, limiter=limiter, read_only=read_only)
    )
    facts = connect_destination(session, settings.destination.base_url)
    known = load_api_specification(session, facts, Path(settings.state.path), settings.destination.name)
    # Until here each failure is reported at once. From here on an outage is waited out.
    limiter.probe = lambda: not is_failure(session.status())
    is_admin = AdminCheck(session, facts.user_id)
    live = Live(session, sees_all=is_admin)
    live.exists_surely("user", facts.user_id)
    return Introduced(
        session=session,
        live=live,
        specification=known,
        limiter=limiter,
        is_admin=is_admin,
        pause=pause,
        stops=stops,
    )


def limits_alone(settings: Settings, request: RunRequest) -> LimiterConfig:
    """The limits of calls while this process is the only one that makes any."""
    return LimiterConfig(
        max_in_flight=settings.run.in_flight,
        per_second=settings.rate.per_second,
        burst=settings.rate.burst,
        give_up_after_s=settings.run.give_up_after_s,
        start_per_second=START_ALONE_PER_SECOND,
        max_calls=request.max_calls,
    )
