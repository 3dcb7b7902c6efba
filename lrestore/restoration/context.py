"""What the restore of an item needs from its surroundings, as narrow seams."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from lrestore.content.identity import Judgement
from lrestore.content.payload import Releases
from lrestore.json_types import JsonObject
from lrestore.looker.caller import Caller
from lrestore.looker.read.live import Live
from lrestore.messages import Intent, ItemKey
from lrestore.restoration.asked import Definitions, Nowhere
from lrestore.restoration.ends import nobody

T = TypeVar("T")


class Journal(Protocol):
    """What is written down so that nothing is lost or doubled. In a bulk run it speaks to the writer process."""

    def mapping(self, type_name: str, source_id: str) -> str | None:
        """The recorded live id of a backed-up object or part."""

    def map(self, type_name: str, source_id: str, destination_id: str) -> None:
        """Record which live object a backed-up one is."""

    def open_intents(self, intents: Sequence[Intent]) -> None:
        """Note, durably, that objects are about to be created."""

    def close_intent(self, intent: Intent, destination_id: str) -> None:
        """The object exists: record its mapping and forget the intent."""

    def drop_intent(self, intent: Intent) -> None:
        """Looker refused, so nothing was created."""

    def begun(self, key: ItemKey) -> bool:
        """Whether this session has begun to create the item before, in a process that died since."""

    def unsettled(self, key: ItemKey) -> bool:
        """Whether some session has begun to create the item and nobody knows what became of it."""

    def in_doubt(self, key: ItemKey) -> bool:
        """Whether a process that died had begun to create the item, or a part of it, and nobody knows what became of
        that."""

    def claimed(self, key: ItemKey, destination_id: str) -> bool:
        """Whether the live object is recorded as another item of this type."""

    def claimants(self, type_name: str, destination_id: str) -> frozenset[str]:
        """The source ids of the items that are recorded as this live object."""

    def kept(self, key: ItemKey, object_id: str) -> bool:
        """Whether this session has a copy of the item's live object already, so that it may have been written."""

    def keep(self, type_name: str, object_id: str, name: str, live: JsonObject) -> None:
        """Keep a copy of a live object, durably, before it is changed for the first time."""

    def created(self, type_name: str, object_id: str) -> None:
        """Note for the undo that this run made the object."""


class Source(Protocol):
    """The backup, as far as one item needs others of it."""

    def read(self, key: ItemKey, *, max_item_bytes: int) -> Any:
        """The item, or an ItemError."""

    def holds(self, key: ItemKey) -> bool:
        """Whether the backup has an item under this key, readable or not."""

    @property
    def personal_folders(self) -> Mapping[str, str]:
        """The id of each user's personal folder → the user's id."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the user decided; names as in the settings and flags."""

    if_missing: str = "create"
    keep_extra: bool = False
    skip_if_modified: bool = False
    allow_alert_loss: bool = False
    disable_schedules: bool = False
    trust_404: bool = False
    fallback_owner: str = ""
    fallback_folder: str = ""
    missing_looks: str = "restore"
    max_item_bytes: int = 16 * 1024 * 1024
    max_retries: int = 5


def one_by_one(tasks: Sequence[Callable[[], T]]) -> list[T]:
    """Run tasks in order: the choice where items, not calls, run side by side."""
    return [task() for task in tasks]


@dataclass(frozen=True, slots=True)
class Hosts:
    """Whose links are one's own. ``source``: hosts of the instance that was backed up, without ports; ``here``: the
    destination's, with the port if that matters, as its users see it.
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
    hosts: Hosts = Hosts()
    definitions: Definitions = field(default_factory=Nowhere)
    """What queries ask, where their ids mean nothing."""
    known_users: dict[str, str | None] = field(default_factory=dict)
    """Live ids of backed-up users, None for those who were looked for in vain: asked for every owner."""
    in_run: Callable[[ItemKey], bool] = nobody
    """Whether this run restores an item."""
    linked: dict[ItemKey, str | None] = field(default_factory=dict)
    """Where links lead whose targets this run does not bring, and has not brought before: asked for every link."""

    @property
    def same_instance(self) -> bool:
        """Whether ids of the backup mean the same in the destination."""
        return self.judgement.instance == "same"
