"""The values that a run works with: request, items, surroundings, facts about the destination, result of the run."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import msgspec

from lrestore.clock import stamp, utc_now
from lrestore.content.identity import Judgement
from lrestore.content.links import hosts
from lrestore.content.payload import Releases
from lrestore.json_types import JsonObject
from lrestore.looker.meter import ApiUsage
from lrestore.messages import ItemKey, ItemResult, Totals
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.specification import Specification
from lrestore.report.build import Head, ReportBuilder
from lrestore.report.events import SessionStarted
from lrestore.report.model import By, Destination, Sample, Source
from lrestore.restoration.backup import Hosts
from lrestore.restoration.beside import route_of
from lrestore.restoration.identify.source_definitions import Gathered
from lrestore.restoration.policy import Policy
from lrestore.restoration.type_handlers import SUPPORTED
from lrestore.run.audit import by, dated
from lrestore.run.extent import NO_EXTENT, Extent
from lrestore.run.request import RunRequest
from lrestore.run.saved_plan.file import ReadPlan
from lrestore.run.saved_plan.origin import differences
from lrestore.run.surroundings import Surroundings
from lrestore.settings import Settings
from lrestore.state.guard import Guard
from lrestore.state.records import COPY, UNDO, RestorationSession, Route, SessionStatus
from lrestore.state.undone import Undone
from lrestore.vault.reader import Vault
from lrestore.version import __version__

_NAMED = 20
"""Looks that are named in the warning about looks that were not selected; the report lists all of them."""

FEW = 8
"""Up to this many items are restored in this process: starting other processes would take longer."""

Record = Callable[[ItemResult, bytes | None], None]


@dataclass(slots=True, kw_only=True)
class Job:
    """One run: the request, the backup, the session id. ``keys`` are the items still to be restored."""

    settings: Settings
    request: RunRequest
    surroundings: Surroundings
    vault: Vault
    session_id: str
    keys: list[ItemKey]
    missing: list[ItemResult]
    facts: DestinationFacts
    earlier: Sequence[ItemResult] = ()
    resumed: bool = False
    gathered: Gathered = field(default_factory=Gathered)
    """Definitions behind ids of the source instance, read once for all items."""
    undone: Undone | None = None
    """The session that this run takes back, if it is an undo."""
    removals: list[ItemKey] = field(default_factory=list)
    """Objects that the undone session made, and that are deleted: they are not among ``keys``."""
    plan: ReadPlan | None = None
    """The saved plan that is carried out."""
    former: tuple[str, ...] = ()
    """The sessions that this one carries on, see :mod:`lrestore.run.journal.earlier`."""
    extent: Extent = NO_EXTENT
    uncopied: Mapping[str, int] = field(default_factory=dict)
    """Selected items, by type, that are left out because they cannot be copied beside the originals."""
    is_admin: Callable[[], bool] = lambda: False
    """Whether the caller is an admin of the destination: the first call asks there."""
    guard: Guard | None = None
    """Checks that the state file stays in place, once the session has begun."""

    def take_back(self, undone: Undone) -> None:
        """Make this the undo of a session. What is deleted is no item of the restore."""
        self.undone = undone
        removed = set(undone.with_action("remove"))
        self.removals = [key for key in self.keys if key in removed]
        self.keys = [key for key in self.keys if key not in removed]

    @property
    def to_write(self) -> int:
        """How many objects are restored or deleted at most."""
        return len(self.keys) + len(self.removals)

    @property
    def the_guard(self) -> Guard:
        """The guard of a session that has begun."""
        if self.guard is None:
            raise AssertionError("the session has not begun")
        return self.guard

    @property
    def route(self) -> Route:
        """The key of the id mappings: source instance and destination."""
        return route_of(self.ordinary_route, self.request.beside)

    @property
    def ordinary_route(self) -> Route:
        """The key of the mappings of sessions that restore the items themselves."""
        destination = self.settings.destination
        return Route(self.settings.source.instance, destination.name, destination.former_name)

    def asks_source(self, judgement: Judgement) -> bool:
        """Whether to read from the source instance: it is configured, and the destination is another instance."""
        return bool(self.settings.source.base_url) and judgement.instance != "same"

    def releases(self) -> Releases:
        """Which fields the backup can contain, and which the destination accepts."""
        return Releases(self.vault.release_floor(), self.facts.looker_version, self.facts.specification)

    def hosts(self) -> Hosts:
        """The hosts whose links are rewritten. The API port is removed: users see another port."""
        source, web_url = self.settings.source.base_url, self.facts.web_url
        named = next(iter(hosts([web_url or self.settings.destination.base_url])), "")
        port = urlsplit(web_url).port if web_url else None
        return Hosts(hosts([source]), f"{named}:{port}" if named and port else named)

    def _address(self) -> str:
        """The address at which users see the destination."""
        if self.facts.web_url:
            return self.facts.web_url.rstrip("/")
        scheme = urlsplit(self.settings.destination.base_url).scheme or "https"
        return f"{scheme}://{self.hosts().here}"

    @property
    def backup_warnings(self) -> Sequence[str]:
        """Warnings about the backup's files; the copies that an undo restores from are none."""
        return [] if self.undone is not None else [f"backup: {warning}" for warning in self.vault.warnings]

    @property
    def _ends(self) -> tuple[Source, Destination]:
        """Backup and destination, as report and events name them."""
        source = Source(self.settings.source.instance, tuple(str(path) for path in self.vault.paths))
        source = dated(source, self.vault.fingerprint(), self.vault.synced_to(), utc_now())
        name, base_url = self.settings.destination.name, self.settings.destination.base_url
        return source, Destination(name, base_url, self.facts.looker_version)

    def announce(self, warnings: Iterable[str]) -> None:
        """Tell that the session begins, what the report warns of already, and the items that cannot be attempted."""
        source, destination = self._ends
        announcer, missing = self.surroundings.announcer, () if self.resumed else self.missing
        announcer.started(
            SessionStarted(
                session_id=self.session_id,
                mode=self.request.mode,
                selected=len(self.keys) + len(self.removals) + len(self.missing) + len(self.earlier),
                source=source,
                destination=destination,
                resumed=self.resumed,
                done=len(self.earlier),
            )
        )
        for warning in warnings:
            announcer.warning(warning)
        for result in missing:
            announcer.finished(result)

    def report(self) -> ReportBuilder:
        """An empty report of this run."""
        source, destination = self._ends
        access = self.settings.run.new_folder_access
        head = Head(
            self.session_id,
            self.request.mode,
            source,
            destination,
            new_folder_access=access,
            applies=self.request.applies,
            undoes=self.request.undo.session if self.request.undo is not None else "",
            by=self.by,
            reason=self.request.reason,
            copied_into=self.request.beside.folder if self.request.beside else "",
            copied_before=self.request.beside.sessions if self.request.beside else (),
            address=self._address() if self.request.beside else "",
        )
        builder = ReportBuilder(head)
        builder.expect([*self.keys, *self.removals])
        undone = self.undone.warnings() if self.undone is not None else []
        for warning in (
            *self.backup_warnings,
            *undone,
            *self.facts.warnings,
            *self._since_plan(),
            *self._unknown_types(),
        ):
            builder.warn(warning)
        if self.request.added_looks:
            builder.warn(self.added_looks())
        left_out = Counter(key.type for key in self.keys if key.type not in SUPPORTED)
        if left_out:
            counts = ", ".join(f"{type_name} ({count})" for type_name, count in sorted(left_out.items()))
            builder.warn(f"left out, because this version does not restore them: {counts}")
        if self.uncopied:
            counts = ", ".join(f"{type_name} ({count})" for type_name, count in sorted(self.uncopied.items()))
            builder.warn(f"left out, because only looks and dashboards are copied: {counts}")
        if self.request.mode == "plan" and self.undone is None:
            for type_name, what in self._never_backed_up():
                builder.warn(f"{type_name}s: no backup holds {what}")
        return builder

    def added_looks(self) -> str:
        """The warning about looks that are restored although not selected."""
        looks = [ItemKey("look", look) for look in self.request.added_looks]
        rows = (self.vault.row(key) for key in looks[:_NAMED])
        named = ", ".join(f"{row.key} ({row.name!r})" for row in rows if row is not None)
        more = f" and {len(looks) - _NAMED} more" if len(looks) > _NAMED else ""
        count = "1 look is" if len(looks) == 1 else f"{len(looks)} looks are"
        return (
            f"{count} restored although not selected, because tiles show them and the destination lacks them: "
            f"{named}{more} ([run] missing_looks)"
        )

    def _since_plan(self) -> Iterator[str]:
        """Warnings about changes since the applied plan was made."""
        facts = self.facts
        if self.plan is not None:
            yield from differences(self.plan.plan, facts.looker_version, facts.user_id, facts.user_name)

    def _never_backed_up(self) -> Iterator[tuple[str, str]]:
        for type_name in sorted({key.type for key in self.keys}):
            for what in CONTENT_TYPES[type_name].never_backed_up:
                yield type_name, what

    def _unknown_types(self) -> Iterator[str]:
        """Warnings about types that the destination's specification lacks: their items are left out."""
        said = self.facts.specification
        unknown = Counter(key.type for key in self.keys if said is not None and key.type in said.no_types)
        if unknown:
            counts = ", ".join(f"{type_name} ({count})" for type_name, count in sorted(unknown.items()))
            yield f"left out, because Looker {self.facts.looker_version} does not know them: {counts}"

    @property
    def by(self) -> By:
        """The caller of the run."""
        return by(self.facts.user_name, self.surroundings.typed)

    def session(self) -> RestorationSession:
        """The record of this run in the state file, without secrets."""
        synced_to, caller = self.vault.synced_to(), self.by
        return RestorationSession(
            id=self.session_id,
            mode=UNDO if self.request.undo else COPY if self.request.beside else self.request.mode,
            source_instance=self.route.source_instance,
            source_paths=tuple(str(path) for path in self.vault.paths),
            source_fingerprint=self.vault.fingerprint(),
            destination=self.settings.destination.name,
            base_url=self.facts.base_url,
            user=caller.looker_user,
            looker_version=self.facts.looker_version,
            selection=msgspec.to_builtins(self.request),
            settings=msgspec.to_builtins(_without_secrets(self.settings)),
            lrestore_version=__version__,
            pid=os.getpid(),
            host=caller.host,
            os_user=caller.os_user,
            command=caller.command,
            reason=self.request.reason,
            backed_up_at="" if synced_to is None or self.undone is not None else stamp(synced_to),
            parent_id=self.request.parent,
            totals=Totals.of({}, len(self.keys) + len(self.removals) + len(self.missing)),
        )


def in_bulk(job: Job) -> bool:
    """Whether worker processes restore the items; otherwise this process does."""
    return len(job.keys) > FEW


def policy_of(settings: Settings, request: RunRequest) -> Policy:
    """The user's decisions, as the restore of an item needs them."""
    run = settings.run
    chosen: JsonObject = {
        name: getattr(run, name)
        for name in (
            "if_missing",
            "if_different",
            "if_trashed",
            "keep_extra",
            "skip_if_modified",
            "trust_404",
            "fallback_owner",
            "fallback_folder",
            "missing_looks",
            "new_folder_access",
            "max_retries",
            "settle_s",
        )
    }
    if request.beside is not None:
        # These say what happens to objects that exist.
        chosen |= {"if_missing": "create", "if_different": "update", "if_trashed": "restore"}
        chosen |= {"keep_extra": False, "skip_if_modified": False}
    return Policy(
        allow_alert_loss=request.allow_alert_loss,
        disable_schedules=request.disable_schedules,
        literal=request.undo is not None,
        **chosen,
    )


@dataclass(frozen=True, slots=True)
class DestinationFacts:
    """Facts about the destination: for the log before the first write, and for what its release accepts. Before the
    login only its address is known.

    ``swagger_url`` and ``web_url`` are the addresses that the instance reports for its specification and its users.
    ``specification`` is the reduced document; None: the built-in release table is used.
    """

    base_url: str
    user_id: str = ""
    user_name: str = ""
    looker_version: str = ""
    swagger_url: str = ""
    web_url: str = ""
    specification: Specification | None = None
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class Ended:
    """How a run ended. ``reason`` says why it stopped early; ``usage`` counts the API calls of other processes."""

    status: SessionStatus
    reason: str = ""
    usage: ApiUsage = field(default_factory=ApiUsage)
    warnings: tuple[str, ...] = ()
    timeline: tuple[Sample, ...] = ()
    refused: tuple[tuple[float, int], ...] = ()


_LOOK_EVERY_S = 0.1
"""Longest time until a waiting thread notices a signal: a signal handler cannot wake other threads."""


def interruptible(stop: Callable[[], bool]) -> Callable[[float], bool]:
    """A function that waits for some seconds. It returns, like ``threading.Event.wait``, whether ``stop`` ended it."""

    def wait(seconds: float) -> bool:
        end = time.monotonic() + seconds
        while not stop():
            left_s = end - time.monotonic()
            if left_s <= 0:
                return False
            time.sleep(min(_LOOK_EVERY_S, left_s))
        return True

    return wait


def _without_secrets(settings: Settings) -> Settings:
    """The settings for the state file. The proxy is left out: its URL may contain a password, and each
    start sets it.
    """
    return msgspec.structs.replace(settings, destination=msgspec.structs.replace(settings.destination, proxy=""))
