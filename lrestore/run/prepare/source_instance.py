"""The source instance: provides data that backups lack. Except for access lists, it is used only in migrations."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import msgspec

from lrestore.content.palettes import KnownColours
from lrestore.credentials import Credentials
from lrestore.errors import DestinationError, LookerError, WrongInstanceError
from lrestore.looker.caller import Caller
from lrestore.looker.meter import CallMeter
from lrestore.looker.read.access_lists import AccessList
from lrestore.looker.read.colours import known_colours
from lrestore.looker.read.live import Live
from lrestore.looker.read.source_instance import Nesting, Origin
from lrestore.looker.session import LookerSession, session_for
from lrestore.messages import ItemKey
from lrestore.restoration.identify.source_definitions import Gathered, SourceDefinitions
from lrestore.restoration.identify.unclosed_folders import ACCESS
from lrestore.restoration.ports import BackupItems, Definitions
from lrestore.run.job import Job
from lrestore.run.journal.read_only import ReadOnlyJournal
from lrestore.run.prepare.identity import judge
from lrestore.run.select.dependencies import Links
from lrestore.settings import Settings
from lrestore.vault.queries import shown_queries

log = logging.getLogger(__name__)


def source_session(
    settings: Settings, credentials: Credentials, meter: CallMeter, pause: Callable[[float], bool]
) -> LookerSession:
    """A session with the source instance. Its calls are counted with those of the destination. Their rate has no limit,
    only their number at a time; refusals are waited out. It only reads.
    """
    return session_for(settings, credentials, pause, base_url=settings.source.base_url, meter=meter, read_only=True)


def connect_source(job: Job, session: LookerSession) -> None:
    """Log in to the source instance, and check that the backup came from there.

    Raises DestinationError if it cannot be reached or refuses the key, WrongInstanceError if it is another instance.
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
    source: BackupItems, max_item_bytes: int, gathered: Gathered, destination: Caller, session: LookerSession | None
) -> Definitions:
    """The source of definitions for ids in the backup: tiles of the backup, and the source instance if configured."""
    origin = Origin(session) if session else None
    return SourceDefinitions(source, max_item_bytes, gathered, origin, partial(known_colours, destination, session))


class Handed(msgspec.Struct, frozen=True):
    """Data that is read once and passed to all workers: see
    :class:`lrestore.restoration.identify.source_definitions.Gathered`.
    """

    shown: dict[str, str] = {}
    nesting: Nesting = Nesting()
    access: dict[str, AccessList] = {}
    colours: KnownColours | None = None

    def write(self, file: Path) -> None:
        """For :meth:`read`."""
        file.write_bytes(msgspec.msgpack.encode(self))

    @staticmethod
    def read(file: Path) -> Gathered:
        """Read the file once, at the first use of its data."""
        handed = cache(lambda: msgspec.msgpack.decode(file.read_bytes(), type=Handed))
        return Gathered(
            lambda: handed().shown, lambda: handed().nesting, lambda: handed().access, lambda: handed().colours
        )


def gather(
    job: Job, destination: Caller, session: LookerSession | None, is_there: Callable[[ItemKey], bool]
) -> Gathered:
    """Data about all items at once; each part is read at its first use. ``is_there``: whether the destination provably
    has an item.
    """

    def nesting() -> Nesting:
        ids = {kind: [key.id for key in job.keys if key.type == kind] for kind in ("group", "role")}
        return Origin(session).nesting(ids["group"], ids["role"]) if session else Nesting()

    colours = cache(partial(known_colours, destination, session))
    access = cache(partial(_access, job, session, is_there))
    return Gathered(cache(partial(shown_queries, job.vault)), cache(nesting), access, colours)


def gather_access(job: Job, session: LookerSession, is_there: Callable[[ItemKey], bool]) -> Gathered:
    """The same for the same instance: only the access lists of folders are read from the source instance."""
    return Gathered(access=cache(partial(_access, job, session, is_there)))


def _access(job: Job, session: LookerSession | None, is_there: Callable[[ItemKey], bool]) -> Mapping[str, AccessList]:
    """The source instance's access lists of the folders to create, if ``new_folder_access`` is "copy"."""
    if session is None or job.settings.run.new_folder_access != "copy":
        return {}
    return Origin(session).access(key.id for key in job.keys if key.type == "folder" and not is_there(key))


def with_group_edges(links: Links, gathered: Gathered) -> Links:
    """``links``, with the groups that groups and roles of the run await, and the groups and users of access lists:
    these come first if the order is otherwise free.
    """
    awaits, needs = dict(links.awaits), dict(links.needs)
    nesting = gathered.nesting()
    for folder, seen_by in gathered.access().items():
        ids = [("group", grant.group_id) if grant.group_id else ("user", grant.user_id) for grant in seen_by.grants]
        key = ItemKey("folder", folder)
        needs[key] = tuple(sorted({ItemKey(kind, one) for kind, one in ids}.union(needs.get(key, ()))))
    for kind, found in (("group", nesting.inside), ("role", nesting.holders)):
        for one, groups in found.items():
            key, others = ItemKey(kind, one), {ItemKey("group", group) for group in groups}
            for into in (awaits, needs):
                into[key] = tuple(sorted(others.union(into.get(key, ()))))
    return replace(links, awaits=awaits, needs=needs)


def surely_there(job: Job, live: Live, key: ItemKey, *, same: bool) -> bool:
    """Whether the destination has a folder of the backup, according to listing and records, without a call. A folder
    that was created and not closed yet counts as missing.
    """
    journal = ReadOnlyJournal.of(job)
    try:
        if (ACCESS, key.id) in journal.unsettled_parts(key):
            return False
        recorded = journal.recorded(key.type, key.id)
    finally:
        journal.close()
    listed = live.tables({"folder"})["folder"] or {}
    return key.id in listed if same else recorded is not None and recorded.destination_id in listed
