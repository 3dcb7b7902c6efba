"""The objects that were made, changed or gone between two backups: their rows merged by id, two objects in memory."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

import msgspec

from lrestore.content.versions import differences
from lrestore.messages import Change, Deletion, ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.text.words import counted
from lrestore.vault.backups.choice import backup_name
from lrestore.vault.backups.groups import BackupFiles
from lrestore.vault.backups.versions import Actor, Version, version_in
from lrestore.vault.reader import Vault

ChangeKind = Literal["made", "changed", "gone", "unreadable"]


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """One object that is not the same in both backups. ``updated_at`` and ``updated_by`` are those of the later one, of
    an object that is gone those of the earlier one. ``reason``: why it counts as gone, or cannot be compared.
    """

    change: ChangeKind
    type: str
    id: str
    name: str
    updated_at: str = ""
    updated_by: Actor | None = None
    deleted_by: Actor | None = None
    changes: tuple[Change, ...] = ()
    deletions: tuple[Deletion, ...] = ()
    reason: str = ""


@dataclass(slots=True)
class BackupComparison:
    """The changes from ``before`` to ``after``; ``counts`` and ``warnings`` are complete once all were read."""

    before: BackupFiles
    after: BackupFiles
    max_item_bytes: int
    counts: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)

    def run(self) -> Iterator[Changed]:
        """The changes in the order of types and ids. Raises VaultError if a backup cannot be read on."""
        for side in (self.before, self.after):
            if side.errors:
                had = f"the extraction of {backup_name(side)} had {counted(side.errors, 'error')}"
                self.warnings.append(f"{had}: objects listed as new or gone here may only be missing from it")
        left_out = self._left_out(self.before, self.after) | self._left_out(self.after, self.before)
        with Vault.open(self.before.paths) as before, Vault.open(self.after.paths) as after:
            for type_name in CONTENT_TYPES:
                if type_name not in left_out:
                    yield from self._of_type(type_name, before, after)

    def _left_out(self, one: BackupFiles, other: BackupFiles) -> frozenset[str]:
        """The types that one side holds and the other may not have asked for: nothing of them is new or gone."""
        types = one.held - other.covered
        if types:
            listed = ", ".join(name for name in CONTENT_TYPES if name in types)
            self.warnings.append(
                f"not compared, because {backup_name(other)} holds none and may not have asked: {listed}"
            )
        return types

    def _of_type(self, type_name: str, before: Vault, after: Vault) -> Iterator[Changed]:
        ids = heapq.merge(before.sorted_ids(type_name), after.sorted_ids(type_name))
        for encoded, _ in groupby(ids):
            key = ItemKey(type_name, encoded.decode("utf-8", "replace"))
            old = version_in(before, key, self.max_item_bytes, self.before.seen_since(type_name))
            new = version_in(after, key, self.max_item_bytes, self.after.seen_since(type_name))
            found = _compared(key, old, new)
            if found is None:
                continue
            self.counts["unchanged" if isinstance(found, str) else found.change] += 1
            if not isinstance(found, str):
                yield found


def _compared(key: ItemKey, old: Version, new: Version) -> Changed | Literal["unchanged"] | None:
    """None: neither backup holds the object as a live one."""
    if not old.there and not new.there:
        return None
    if not new.there:
        reason = "marked deleted" if new.state == "deleted" else new.reason
        gone = _changed("gone", key, old, reason=reason)
        return msgspec.structs.replace(gone, deleted_by=new.deleted_by)
    if not old.there:
        reason = "was marked deleted" if old.state == "deleted" else new.reason
        return _changed("made", key, new, reason=reason)
    if old.content is None or new.content is None:
        return _changed("unreadable", key, new, reason=new.reason or old.reason)
    changes, deletions = differences(key.type, old.content, new.content)
    if not changes and not deletions:
        return "unchanged"
    return msgspec.structs.replace(_changed("changed", key, new), changes=changes, deletions=deletions)


def _changed(change: ChangeKind, key: ItemKey, shown: Version, *, reason: str = "") -> Changed:
    return Changed(
        change=change,
        type=key.type,
        id=key.id,
        name=shown.name,
        updated_at=shown.updated_at,
        updated_by=shown.updated_by,
        reason=reason,
    )
