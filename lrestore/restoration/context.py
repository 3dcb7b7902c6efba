"""The context of the restore of an item: destination, backup, journal and policy."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from lrestore.messages import ItemKey
from lrestore.restoration.backup import Backup
from lrestore.restoration.deferrals import never
from lrestore.restoration.destination import Destination
from lrestore.restoration.journal import Journal, Records
from lrestore.restoration.policy import Policy
from lrestore.restoration.ports import Earlier, Everything, NoEarlier, Permit

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
T = TypeVar("T")


class Memo(Generic[K, V]):
    """Keeps answers that are needed often. Two threads that ask at the same time may both search. An error is not
    kept.
    """

    def __init__(self) -> None:
        self._found: dict[K, V] = {}

    def of(self, key: K, find: Callable[[], V], outdated: Callable[[V], bool] | None = None) -> V:
        """The value found under ``key``, or the one that ``find`` gives now. ``outdated``: whether to search again."""
        if key not in self._found or (outdated is not None and outdated(self._found[key])):
            self._found[key] = find()
        return self._found[key]


def one_by_one(tasks: Sequence[Callable[[], T]]) -> list[T]:
    """Run tasks in order: used if items, not calls, run concurrently."""
    return [task() for task in tasks]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """All that planning an item needs. It does not change; its parts keep what they have read."""

    destination: Destination
    backup: Backup
    records: Records
    policy: Policy
    in_run: Callable[[ItemKey], bool] = never
    """Whether this run restores an item."""
    earlier: Earlier = field(default_factory=NoEarlier)
    """The writes of processes that have ended: they are no changes by another person."""
    users: Memo[str, str | None] = field(default_factory=Memo)
    """Live ids of backed-up users, None for users that were not found: each owner needs one."""
    linked: Memo[ItemKey, str | None] = field(default_factory=Memo)
    """Live ids of the targets of links, for targets that no run restores: each link needs one."""
    proved: Memo[tuple[str, str, str], bool] = field(default_factory=Memo)
    """Whether a recorded query is still the one that was recorded, by kind, live id and proof. Each costs a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WritingContext(Context):
    """All that writing an item needs: its records are a journal."""

    records: Journal
    side_by_side: Callable[[Sequence[Callable[[], Any]]], list[Any]] = one_by_one
    pause: Callable[[float], object] = lambda seconds: None
    permit: Permit = field(default_factory=Everything)
    """Decides which writes may be sent."""

    @property
    def journal(self) -> Journal:
        """The records, to write to."""
        return self.records
