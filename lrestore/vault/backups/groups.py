"""Which files are one backup.

Two files that hold the same object belong to different backups: one extraction stores each object once. Files that
share no object are shards of one backup if they lie close together in time. Neighbours in time are joined first, the
nearest before all others: a shard of tonight is nearer to the other shards of tonight than to those of last night.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from lrestore.vault import fingerprint, schema
from lrestore.vault.backups.facts import FileFacts, common

SHARDS_WITHIN: Final = timedelta(hours=24)
"""Shards of one backup may be extracted hours apart. The next nightly backup begins a day later."""

ALWAYS_THERE: Final = frozenset({"user", "group", "role", "permission_set", "model_set", "folder"})
"""Types of which each Looker holds objects that cannot be deleted: a full extraction has rows of them."""

_ENOUGH: Final = 2


@dataclass(frozen=True)
class BackupFiles:
    """The files of one backup, in the order in which they were named."""

    files: tuple[FileFacts, ...]

    @cached_property
    def date(self) -> str:
        """The time of its newest row, ISO 8601 in UTC; "" where none can be read."""
        return max(file.date for file in self.files)

    @property
    def moment(self) -> datetime | None:
        """:attr:`date` as a time."""
        return datetime.fromisoformat(self.date) if self.date else None

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(file.path for file in self.files)

    @property
    def objects(self) -> int:
        """How many objects it holds, those that are marked deleted included."""
        return sum(len(file.objects) for file in self.files)

    @cached_property
    def fingerprint(self) -> str:
        """The fingerprint that the opened backup will have."""
        return fingerprint.of_digests(file.digest for file in self.files)

    @cached_property
    def covered(self) -> frozenset[str]:
        """The types that its extractions have read from Looker: of the others nothing is known.

        Without a record nothing tells "not asked for" from "none left". Then a backup that holds objects of two
        types which no Looker lacks counts as a full one, except for other such types.
        """
        known = frozenset[str]().union(*(file.covered for file in self.files))
        recorded = all(file.recorded for file in self.files)
        if recorded or len(known & ALWAYS_THERE) < _ENOUGH:
            return known
        return known | (frozenset(schema.VAULT_TYPES) - ALWAYS_THERE)

    @cached_property
    def held(self) -> frozenset[str]:
        """The types of which it holds rows."""
        return frozenset[str]().union(*(file.held for file in self.files))

    def seen_since(self, type_name: str) -> str:
        """When the last extraction began that read all objects of the type; "" if that is not known of each file."""
        return min(file.seen_since.get(type_name, "") for file in self.files)

    @property
    def errors(self) -> int:
        """The errors of the last extraction."""
        return sum(file.errors for file in self.files)

    def touches(self, file: FileFacts) -> bool:
        """Whether it holds any object of ``file``."""
        return any(True for own in self.files for _ in common(own, file))


def listing_date(date: str) -> str:
    """A date as it is listed: seconds, UTC. Given as ``--as-of`` it means the same backup."""
    return f"{date[:19]}Z" if date else "no date"


@dataclass(frozen=True, slots=True)
class Grouped:
    """``backups`` from the oldest to the newest. ``copies`` hold the same rows as another file: (copy, other).
    ``empty`` files hold no object.
    """

    backups: tuple[BackupFiles, ...]
    copies: tuple[tuple[str, str], ...] = ()
    empty: tuple[str, ...] = ()


@dataclass(slots=True)
class _Grouping:
    """Files by number; ``apart`` are pairs of them that are known to be of different backups."""

    files: Sequence[FileFacts]
    within: timedelta | None
    apart: dict[tuple[int, int], bool] = field(default_factory=dict)

    def groups(self) -> list[list[int]]:
        """Join neighbours, the nearest first, until none can be joined."""
        order = sorted(range(len(self.files)), key=lambda number: (self.files[number].date, number))
        groups = [[number] for number in order]
        while True:
            pairs = [
                (gap, left)
                for left in range(len(groups) - 1)
                if (gap := self._gap(groups[left], groups[left + 1])) is not None
            ]
            if not pairs:
                return groups
            _, left = min(pairs)
            groups[left : left + 2] = [groups[left] + groups[left + 1]]

    def _gap(self, left: Sequence[int], right: Sequence[int]) -> timedelta | None:
        """The time between two neighbours; None if they are not one backup."""
        last, first = self.files[left[-1]].date, self.files[right[0]].date
        if not last or not first:
            return None
        gap = datetime.fromisoformat(first) - datetime.fromisoformat(last)
        if self.within is not None and gap > self.within:
            return None
        return None if any(self._apart(one, other) for one in left for other in right) else gap

    def _apart(self, one: int, other: int) -> bool:
        pair = (one, other)
        if pair not in self.apart:
            self.apart[pair] = any(True for _ in common(self.files[one], self.files[other]))
        return self.apart[pair]


def grouped_files(files: Iterable[FileFacts], *, within: timedelta | None = SHARDS_WITHIN) -> Grouped:
    """The backups that the files are. ``within``: how far apart two neighbouring shards may be; None: any time."""
    first: dict[str, FileFacts] = {}
    copies: list[tuple[str, str]] = []
    empty: list[str] = []
    for file in files:
        if not file.objects:
            empty.append(file.path)
        elif file.digest in first:
            copies.append((file.path, first[file.digest].path))
        else:
            first[file.digest] = file
    distinct = list(first.values())
    groups = _Grouping(distinct, within).groups()
    backups = [BackupFiles(tuple(distinct[number] for number in sorted(group))) for group in groups]
    return Grouped(tuple(sorted(backups, key=lambda backup: backup.date)), tuple(copies), tuple(empty))
