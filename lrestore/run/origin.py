"""The living source of a migration: what backups lack is read there. It is asked only where ids mean nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from lrestore.credentials import Credentials
from lrestore.errors import DestinationError, LookerError, WrongInstanceError
from lrestore.looker.live import Live
from lrestore.looker.meter import CallMeter
from lrestore.looker.origin import Origin
from lrestore.looker.session import LookerSession
from lrestore.restoration.asked import Asked, Definitions, Nowhere
from lrestore.restoration.context import Source
from lrestore.run.preflight import judge
from lrestore.run.setup import Job
from lrestore.settings import Settings

log = logging.getLogger(__name__)


def origin_session(
    settings: Settings, credentials: Credentials, meter: CallMeter, pause: Callable[[float], bool]
) -> LookerSession:
    """A session with the source. Its calls count as the destination's do; no rate but their number under way is
    bounded: refusals are waited out.
    """
    return LookerSession(
        settings.source.base_url,
        credentials,
        verify_ssl=settings.destination.verify_ssl,
        timeout_s=settings.destination.timeout_s,
        in_flight=settings.run.in_flight,
        max_retries=settings.run.max_retries,
        meter=meter,
        pause=pause,
    )


def meet_origin(job: Job, session: LookerSession) -> None:
    """Log in, and make sure that the backup came from there.

    Raises DestinationError where it cannot be reached or refuses the key, WrongInstanceError where it is another.
    """
    url = job.settings.source.base_url
    try:
        me = session.call("me")
        judge(job.vault, Live(session), job.keys, "auto", job.settings.run.max_item_bytes)
    except WrongInstanceError as error:
        raise WrongInstanceError(
            f"[source] base_url, {url}, is not the instance that the backup came from: {error.message}",
            hint="its queries would be other queries: correct base_url in [source], or leave it out",
        ) from error
    except (LookerError, DestinationError) as error:
        raise DestinationError(
            f"[source] base_url, {url}, cannot be asked for what the backup lacks: {error}",
            hint="leave base_url in [source] out if that instance is gone",
        ) from error
    log.info("source: %s as %s, for what the backup lacks; it is only read", url, me.get("display_name") or me["id"])


def definitions_for(
    source: Source, max_item_bytes: int, shown: Callable[[], Mapping[str, str]], session: LookerSession | None
) -> Definitions:
    """Where the definitions of queries can be had: tiles of the backup, and the living source if there is one."""
    return Asked(source, max_item_bytes, shown, Origin(session) if session else Nowhere())
