"""What a run stands on before its first item: destination, facts, identity, policy; and the file head of its report."""

from __future__ import annotations

import os
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from lrestore.content.identity import Judgement
from lrestore.content.links import hosts
from lrestore.content.payload import Releases
from lrestore.credentials import Credentials
from lrestore.json_types import JsonObject
from lrestore.looker.meter import ApiUsage
from lrestore.messages import ItemKey, ItemResult, Totals
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.specification import Specification
from lrestore.report.build import Head, ReportBuilder
from lrestore.report.model import Destination, Report, Sample, Source
from lrestore.report.progress import Harmless, Progress, Silent
from lrestore.restoration.context import Hosts, Policy
from lrestore.restoration.identify.source_definitions import Gathered
from lrestore.restoration.type_handlers import SUPPORTED
from lrestore.run.request import RunRequest
from lrestore.settings import Settings
from lrestore.state.guard import Guard
from lrestore.state.records import RestorationSession, Route, SessionStatus
from lrestore.vault.reader import Vault
from lrestore.version import __version__

_NAMED = 20
"""So many looks that are not selected are named in a warning; the report lists them all."""

Record = Callable[[ItemResult, bytes | None], None]


@dataclass(frozen=True, slots=True)
class LogSetup:
    """How the command logs, for the processes that it starts; None in :class:`Surroundings` leaves logging alone."""

    level: int
    format: Literal["text", "json"]
    file: str | None


@dataclass(slots=True)
class Surroundings:
    """What a run needs from whoever starts it.

    ``confirm`` is asked with the number of objects that may be written; ``beginning`` is told the id of the session
    before it is on record, so that no kill comes between; ``begun`` is told the id of the session once it
    can be resumed, ``unresumable`` that it cannot be any more; ``tell`` gets the report of a finished one, which can be
    resumed until that returns.
    """

    credentials: Callable[[], Credentials]
    progress: Progress = field(default_factory=Silent)
    confirm: Callable[[int], bool] = lambda count: True
    stop: Callable[[], bool] = lambda: False
    log: LogSetup | None = None
    source_credentials: Callable[[], Credentials | None] = lambda: None
    begun: Callable[[str], None] = lambda session_id: None
    unresumable: Callable[[], None] = lambda: None
    tell: Callable[[Report], object] = lambda report: None
    beginning: Callable[[str], None] = lambda session_id: None

    def __post_init__(self) -> None:
        self.progress = Harmless(self.progress)


@dataclass(slots=True)
class Job:
    """One run: what was asked for, of which backup, under which session id. ``keys`` are still to be done."""

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
    """What stands behind ids that mean nothing here, as far as it is known of all items at once."""
    guard: Guard | None = None
    """Looks after the state file, once the session has begun."""

    @property
    def the_guard(self) -> Guard:
        """The guard of a session that has begun."""
        if self.guard is None:
            raise AssertionError("the session has not begun")
        return self.guard

    @property
    def route(self) -> Route:
        """The key of the id mappings: source instance and destination."""
        destination = self.settings.destination
        return Route(self.settings.source.instance, destination.name, destination.former_name)

    def asks_source(self, judgement: Judgement) -> bool:
        """Whether the living source is named, and of use: where ids mean the same, nothing is asked of it."""
        return bool(self.settings.source.base_url) and judgement.instance != "same"

    def releases(self) -> Releases:
        """Which fields the backup can have known, and which the destination takes."""
        return Releases(self.vault.release_floor(), self.facts.looker_version, self.facts.specification)

    def hosts(self) -> Hosts:
        """Whose links are one's own: with the API's port, a host is not what people see."""
        source, web_url = self.settings.source.base_url, self.facts.web_url
        named = next(iter(hosts([web_url or self.settings.destination.base_url])), "")
        port = urlsplit(web_url).port if web_url else None
        return Hosts(hosts([source]), f"{named}:{port}" if named and port else named)

    def report(self) -> ReportBuilder:
        """An empty report of this run."""
        source = Source(self.settings.source.instance, tuple(str(path) for path in self.vault.paths))
        name, base_url = self.settings.destination.name, self.settings.destination.base_url
        destination = Destination(name, base_url, self.facts.looker_version)
        access = self.settings.run.new_folder_access
        head = Head(self.session_id, self.request.mode, source, destination, new_folder_access=access)
        builder = ReportBuilder(head)
        builder.expect(self.keys)
        for warning in self.vault.warnings:
            builder.warn(f"backup: {warning}")
        for warning in (*self.facts.warnings, *self._unknown_types()):
            builder.warn(warning)
        if self.request.added_looks:
            builder.warn(self.added_looks())
        left_out = Counter(key.type for key in self.keys if key.type not in SUPPORTED)
        if left_out:
            counts = ", ".join(f"{type_name} ({count})" for type_name, count in sorted(left_out.items()))
            builder.warn(f"left out, because this version does not restore them: {counts}")
        if self.request.mode == "plan":
            for type_name, what in self._never_backed_up():
                builder.warn(f"{type_name}s: no backup holds {what}")
        return builder

    def added_looks(self) -> str:
        """What the user is told of the looks that are restored though not selected."""
        looks = [ItemKey("look", look) for look in self.request.added_looks]
        rows = (self.vault.row(key) for key in looks[:_NAMED])
        named = ", ".join(f"{row.key} ({row.name!r})" for row in rows if row is not None)
        more = f" and {len(looks) - _NAMED} more" if len(looks) > _NAMED else ""
        count = "1 look is" if len(looks) == 1 else f"{len(looks)} looks are"
        return (
            f"{count} restored although not selected, because tiles show them and the destination lacks them: "
            f"{named}{more} ([run] missing_looks)"
        )

    def _never_backed_up(self) -> Iterator[tuple[str, str]]:
        for type_name in sorted({key.type for key in self.keys}):
            for what in CONTENT_TYPES[type_name].never_backed_up:
                yield type_name, what

    def _unknown_types(self) -> Iterator[str]:
        """Types that the destination says it does not have: their items are left out."""
        said = self.facts.specification
        unknown = Counter(key.type for key in self.keys if said is not None and key.type in said.no_types)
        if unknown:
            counts = ", ".join(f"{type_name} ({count})" for type_name, count in sorted(unknown.items()))
            yield f"left out, because Looker {self.facts.looker_version} does not know them: {counts}"

    def session(self) -> RestorationSession:
        """This run as the state file records it, without secrets."""
        return RestorationSession(
            id=self.session_id,
            mode=self.request.mode,
            source_instance=self.settings.source.instance,
            source_paths=tuple(str(path) for path in self.vault.paths),
            source_fingerprint=self.vault.fingerprint(),
            destination=self.settings.destination.name,
            base_url=self.facts.base_url,
            user=self.facts.user_name,
            looker_version=self.facts.looker_version,
            selection=msgspec.to_builtins(self.request),
            settings=msgspec.to_builtins(_without_secrets(self.settings)),
            lrestore_version=__version__,
            pid=os.getpid(),
            host=socket.gethostname(),
            parent_id=self.request.parent,
            totals=Totals.of({}, len(self.keys) + len(self.missing)),
        )


def policy_of(settings: Settings, request: RunRequest) -> Policy:
    """What the user decided, as the restore of an item needs it."""
    run = settings.run
    chosen: JsonObject = {
        name: getattr(run, name)
        for name in (
            "if_missing",
            "keep_extra",
            "skip_if_modified",
            "trust_404",
            "fallback_owner",
            "fallback_folder",
            "missing_looks",
            "new_folder_access",
            "max_item_bytes",
            "max_retries",
            "settle_s",
        )
    }
    return Policy(allow_alert_loss=request.allow_alert_loss, disable_schedules=request.disable_schedules, **chosen)


@dataclass(frozen=True, slots=True)
class DestinationFacts:
    """What the log says before the first write, and what the release allows.

    ``swagger_url`` is where the instance says that its specification is, ``web_url`` where its users find it;
    ``specification`` is what the former says, None where the table of releases has to do.
    """

    base_url: str
    user_id: str
    user_name: str
    looker_version: str
    swagger_url: str = ""
    web_url: str = ""
    specification: Specification | None = None
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class Ended:
    """How the items of a run ended. ``reason`` says why it stopped early; ``usage`` is what other processes called."""

    status: SessionStatus
    reason: str = ""
    usage: ApiUsage = field(default_factory=ApiUsage)
    warnings: tuple[str, ...] = ()
    timeline: tuple[Sample, ...] = ()


_LOOK_EVERY_S = 0.1
"""How long a signal may go unnoticed: a handler cannot wake other threads."""


def interruptible(stop: Callable[[], bool]) -> Callable[[float], bool]:
    """A wait for so many seconds that says, as ``threading.Event.wait`` does, whether it ended because of ``stop``."""

    def wait(seconds: float) -> bool:
        end = time.monotonic() + seconds
        while not stop():
            left_s = end - time.monotonic()
            if left_s <= 0:
                return False
            time.sleep(min(_LOOK_EVERY_S, left_s))
        return True

    return wait


def age(made: datetime | None, now: datetime) -> str:
    """How long ago a backup was made, as people say it."""
    if made is None:
        return "of unknown age"
    hours = max(0, int((now - made).total_seconds() // 3600))
    if hours < 48:
        return f"{hours} hours old"
    return f"{hours // 24} days old"


def _without_secrets(settings: Settings) -> Settings:
    """The settings that the state file may hold. The URL of a proxy may have a password; each start gives it anew."""
    return msgspec.structs.replace(settings, destination=msgspec.structs.replace(settings.destination, proxy=""))
