"""The context of the restore of an item: interfaces, policy and caches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from lrestore.clock import stamp, utc_now
from lrestore.content.identity import Judgement
from lrestore.content.payload import Releases
from lrestore.looker.caller import Caller
from lrestore.looker.read.live import Live
from lrestore.messages import ItemKey
from lrestore.restoration.deferred import never
from lrestore.restoration.ports import (
    Definitions,
    Earlier,
    Everything,
    Journal,
    NoEarlier,
    Nowhere,
    Permit,
    Source,
    UndoneSession,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Policy:
    """The user's decisions; names as in settings and flags."""

    if_missing: str = "create"
    if_different: str = "update"
    if_trashed: str = "restore"
    keep_extra: bool = False
    skip_if_modified: bool = False
    allow_alert_loss: bool = False
    disable_schedules: bool = False
    trust_404: bool = False
    fallback_owner: str = ""
    fallback_folder: str = ""
    missing_looks: str = "restore"
    new_folder_access: str = "inherit"
    max_item_bytes: int = 16 * 1024 * 1024
    max_retries: int = 5
    settle_s: float = 120.0
    completes: frozenset[ItemKey] = frozenset()
    """Items that the session whose dead letters are tried again has written in part."""
    literal: bool = False
    """Put back exactly what a copy shows: nulls are nulls, absent fields stay, the trash is a state like others."""

    def leaving_nothing_alone(self) -> Policy:
        """The policy for a comparison: every object is compared, whatever a restore would do with it."""
        return replace(self, if_different="update", if_trashed="restore", skip_if_modified=False)


def one_by_one(tasks: Sequence[Callable[[], T]]) -> list[T]:
    """Run tasks in order: used if items, not calls, run concurrently."""
    return [task() for task in tasks]


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts whose links are rewritten. ``source``: hosts of the source instance, without ports; ``here``: the
    destination's host as its users see it, with the port if needed.
    """

    source: frozenset[str] = frozenset()
    here: str = ""


@dataclass(slots=True)
class Context:
    """Everything around one item. ``caller_id`` is the user whose credentials are used."""

    session: Caller
    live: Live
    source: Source
    journal: Journal
    policy: Policy
    judgement: Judgement
    releases: Releases
    caller_id: str
    is_admin: Callable[[], bool]
    side_by_side: Callable[[Sequence[Callable[[], Any]]], list[Any]] = one_by_one
    pause: Callable[[float], object] = field(default=lambda seconds: None)
    same_objects: dict[tuple[str, str, object], bool] = field(default_factory=dict)
    """Whether the id of a backed-up object is still its own, by type, id and the live one's ``created_at``: asked for
    every reference.
    """
    proved_queries: dict[tuple[str, str, str], bool] = field(default_factory=dict)
    """Whether a recorded query is still the one that was recorded, by kind, live id and proof."""
    hosts: Hosts = Hosts()
    definitions: Definitions = field(default_factory=Nowhere)
    """Definitions behind ids, for another instance."""
    known_users: dict[str, str | None] = field(default_factory=dict)
    """Live ids of backed-up users, None for those who were looked for in vain: asked for every owner."""
    in_run: Callable[[ItemKey], bool] = never
    """Whether this run restores an item."""
    undone: UndoneSession | None = None
    """The session that this one takes back, if it is an undo."""
    linked: dict[ItemKey, str | None] = field(default_factory=dict)
    """Where links lead whose targets this run does not bring, and has not brought before: asked for every link."""

    began_at: str = field(default_factory=lambda: stamp(utc_now()))
    """When this process began. What is on record since then may be newer than what it has read."""
    permit: Permit = field(default_factory=Everything)
    """Decides which writes may be sent."""
    earlier: Earlier = field(default_factory=NoEarlier)
    """The writes of processes that have ended: they are no changes by another person."""

    @property
    def same_instance(self) -> bool:
        """Whether ids of the backup mean the same in the destination."""
        return self.judgement.instance == "same"
