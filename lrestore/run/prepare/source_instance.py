"""The living source of a migration: what backups lack is read there. It is asked only where ids mean nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import msgspec

from lrestore.content.palettes import KnownColours
from lrestore.credentials import Credentials
from lrestore.errors import DestinationError, LookerError, WrongInstanceError
from lrestore.looker.caller import Caller
from lrestore.looker.meter import CallMeter
from lrestore.looker.read.colours import known_colours
from lrestore.looker.read.live import Live
from lrestore.looker.read.source_instance import Nesting, Origin
from lrestore.looker.session import LookerSession, session_for
from lrestore.messages import ItemKey
from lrestore.restoration.identify.source_definitions import Gathered, SourceDefinitions
from lrestore.restoration.ports import Definitions, Source
from lrestore.run.job import Job
from lrestore.run.prepare.preflight import judge
from lrestore.run.select.dependencies import Links
from lrestore.settings import Settings
from lrestore.vault.queries import shown_queries

log = logging.getLogger(__name__)


def origin_session(
    settings: Settings, credentials: Credentials, meter: CallMeter, pause: Callable[[float], bool]
) -> LookerSession:
    """A session with the source. Its calls count as the destination's do; no rate but their number under way is
    bounded: refusals are waited out.
    """
    return session_for(settings, credentials, pause, base_url=settings.source.base_url, meter=meter)


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
            hint="correct base_url in [source], or remove it",
        ) from error
    except (LookerError, DestinationError) as error:
        raise DestinationError(
            f"[source] base_url, {url}, cannot be read for data that the backup lacks: {error}",
            hint="remove base_url from [source] if that instance no longer exists",
        ) from error
    log.info(
        "source instance: %s as %s, read-only, for data that the backup lacks", url, me.get("display_name") or me["id"]
    )


def definitions_for(
    source: Source, max_item_bytes: int, gathered: Gathered, destination: Caller, session: LookerSession | None
) -> Definitions:
    """Where can be had what the backup has only ids of: its own tiles, and the living source if there is one."""
    origin = Origin(session) if session else None
    return SourceDefinitions(source, max_item_bytes, gathered, origin, partial(known_colours, destination, session))


class Handed(msgspec.Struct, frozen=True):
    """What the processes of a run are handed, rather than each gathering it: see
    :class:`lrestore.restoration.asked.Gathered`.
    """

    shown: dict[str, str] = {}
    nesting: Nesting = Nesting()
    colours: KnownColours | None = None

    def write(self, file: Path) -> None:
        """For :meth:`read`."""
        file.write_bytes(msgspec.msgpack.encode(self))

    @staticmethod
    def read(file: Path) -> Gathered:
        """Read once, when something of it is asked for."""
        handed = cache(lambda: msgspec.msgpack.decode(file.read_bytes(), type=Handed))
        return Gathered(lambda: handed().shown, lambda: handed().nesting, lambda: handed().colours)


def gather(job: Job, destination: Caller, session: LookerSession | None) -> Gathered:
    """What can be known of all items at once, each part of it put together when it is first asked for."""

    def nesting() -> Nesting:
        ids = {kind: [key.id for key in job.keys if key.type == kind] for kind in ("group", "role")}
        return Origin(session).nesting(ids["group"], ids["role"]) if session else Nesting()

    colours = cache(partial(known_colours, destination, session))
    return Gathered(cache(partial(shown_queries, job.vault)), cache(nesting), colours)


def nested(links: Links, nesting: Nesting) -> Links:
    """``links``, with the groups that groups and roles of the run await: these come first where order is free."""
    awaits, needs = dict(links.awaits), dict(links.needs)
    for kind, found in (("group", nesting.inside), ("role", nesting.holders)):
        for one, groups in found.items():
            key, others = ItemKey(kind, one), {ItemKey("group", group) for group in groups}
            for into in (awaits, needs):
                into[key] = tuple(sorted(others.union(into.get(key, ()))))
    return replace(links, awaits=awaits, needs=needs)
