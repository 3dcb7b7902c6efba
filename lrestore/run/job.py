"""The values that a run works with: request, items, surroundings, facts about the destination, result of the run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lrestore.clock import utc_now
from lrestore.content.identity import Judgement
from lrestore.content.links import hosts
from lrestore.content.payload import Releases
from lrestore.json_types import JsonObject
from lrestore.looker.meter import ApiUsage
from lrestore.messages import ItemKey, ItemResult
from lrestore.ontology.specification import Specification
from lrestore.report.model import By, Sample
from lrestore.restoration.backup import Hosts
from lrestore.restoration.beside import route_of
from lrestore.restoration.identify.source_definitions import Gathered
from lrestore.restoration.policy import Policy
from lrestore.run.audit import by
from lrestore.run.contents import Contents
from lrestore.run.request import RunRequest
from lrestore.run.saved_plan.file import ReadPlan
from lrestore.run.surroundings import Surroundings
from lrestore.settings import Settings
from lrestore.state.guard import Guard
from lrestore.state.records import MappingRoute, SessionStatus
from lrestore.state.undone import Undone
from lrestore.vault.items import NO_EXTENT, Extent
from lrestore.vault.reader import Vault

if TYPE_CHECKING:
    from lrestore.run.select.choose import Chosen

ITEMS_FOR_ONE_PROCESS = 8
"""Up to this many items are restored in this process: starting other processes would take longer."""


@dataclass(slots=True, kw_only=True)
class Job:
    """One run: the request, the backup, the session id. ``keys`` are the items still to be restored."""

    settings: Settings
    request: RunRequest
    surroundings: Surroundings
    vault: Vault
    session_id: str
    keys: list[ItemKey] = field(default_factory=list)
    missing: list[ItemResult] = field(default_factory=list)
    facts: DestinationFacts = field(init=False)
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
    begun_s: float = field(default_factory=time.monotonic)
    begun_at: datetime = field(default_factory=utc_now)
    """When this run began, by both clocks; the time in which it waited for an answer is left out of the first."""
    contents: Contents = field(init=False)
    """The references in the items, as far as the selection has read them."""
    guard: Guard | None = None
    """Checks that the state file stays in place, once the session has begun."""

    def __post_init__(self) -> None:
        self.contents = Contents(self.vault)
        self.facts = DestinationFacts(self.settings.destination.base_url)

    def take(self, chosen: Chosen) -> None:
        """Make the chosen items those of this run."""
        self.keys, self.missing, self.extent = chosen.keys, chosen.missing, chosen.extent
        self.uncopied, self.contents = chosen.uncopied, chosen.contents

    def take_back(self, undone: Undone) -> None:
        """Make this the undo of a session. Objects that it deletes are ``removals`` and no longer items."""
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
    def route(self) -> MappingRoute:
        """The key of the id mappings: source instance and destination."""
        return route_of(self.ordinary_route, self.request.beside)

    @property
    def ordinary_route(self) -> MappingRoute:
        """The key of the mappings of sessions that restore the items themselves."""
        destination = self.settings.destination
        return MappingRoute(self.settings.source.instance, destination.name, destination.former_name)

    @property
    def backup_warnings(self) -> Sequence[str]:
        """Warnings about the backup's files; the copies that an undo restores from are none."""
        return [] if self.undone is not None else [f"backup: {warning}" for warning in self.vault.warnings]

    @property
    def by(self) -> By:
        """The caller of the run."""
        return by(self.facts.user_name, self.surroundings.typed)

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


def in_bulk(job: Job) -> bool:
    """Whether worker processes restore the items; otherwise this process does."""
    return len(job.keys) > ITEMS_FOR_ONE_PROCESS


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
