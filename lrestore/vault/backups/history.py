"""One object through all backups, from the oldest to the newest. Two versions of it are in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from lrestore.content.versions import differences
from lrestore.messages import Change, Deletion, ItemKey
from lrestore.text.words import counted
from lrestore.vault.backups.groups import BackupFiles, listing_date
from lrestore.vault.backups.versions import Actor, Version, version_in
from lrestore.vault.reader import Vault

What = Literal["present", "made", "changed", "unchanged", "deleted", "gone", "absent", "unreadable", "not extracted"]


class BackupStep(msgspec.Struct, frozen=True, kw_only=True):
    """One backup, compared with the one before it that holds the object.

    ``what``: *present*: in the oldest backup, so that nothing is known of how it came to be; *made*: not in the backup
    before; *changed*, *unchanged*: the content; *deleted*: there, and marked deleted; *gone*: in the backup before and
    not in this one, or not seen by its last extraction; *absent*: in neither; *not extracted*: the backup holds no
    object of the type, and nothing says that its extraction asked for the type.
    """

    date: str
    files: tuple[str, ...]
    what: What
    name: str = ""
    updated_at: str = ""
    updated_by: Actor | None = None
    deleted_by: Actor | None = None
    changes: tuple[Change, ...] = ()
    deletions: tuple[Deletion, ...] = ()
    reason: str = ""


def history_of(key: ItemKey, backups: Sequence[BackupFiles], max_item_bytes: int) -> Iterator[BackupStep]:
    """The steps; a larger object counts as unreadable. Raises VaultError if a backup cannot be read on."""
    last: Version | None = None
    readable: Version | None = None
    for backup in backups:
        with Vault.open(backup.paths) as vault:
            version = version_in(vault, key, max_item_bytes, backup.seen_since(key.type))
        step = BackupStep(
            date=listing_date(backup.date) if backup.date else "", files=backup.paths, what="not extracted"
        )
        if version.state == "absent" and key.type not in backup.covered:
            yield step
            continue
        changes, deletions = _compared(key, readable, version)
        yield msgspec.structs.replace(
            step,
            what=_what(last, version, differs=bool(changes or deletions)),
            name=version.name,
            updated_at=version.updated_at,
            updated_by=version.updated_by,
            deleted_by=version.deleted_by,
            changes=changes,
            deletions=deletions,
            reason=version.reason or _uncertain(version, backup),
        )
        last = version
        readable = version if version.content is not None else readable


def _compared(key: ItemKey, before: Version | None, now: Version) -> tuple[tuple[Change, ...], tuple[Deletion, ...]]:
    if before is None or before.content is None or now.content is None:
        return (), ()
    return differences(key.type, before.content, now.content)


def _uncertain(version: Version, backup: BackupFiles) -> str:
    if version.state != "absent" or not backup.errors:
        return ""
    return f"its extraction had {counted(backup.errors, 'error')}: the object may only be missing from the backup"


def _what(last: Version | None, now: Version, *, differs: bool) -> What:
    if now.state in ("deleted", "unreadable"):
        return now.state
    was_there = last is not None and last.there
    if now.state in ("absent", "unseen"):
        return "gone" if was_there or (last is not None and last.state == "deleted") else "absent"
    if last is None:
        return "present"
    if not was_there:
        return "made"
    return "changed" if differs else "unchanged"
