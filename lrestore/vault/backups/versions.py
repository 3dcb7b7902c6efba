"""The version of one object that one backup holds."""

from __future__ import annotations

from typing import Literal

import msgspec

from lrestore.content.canonical import iso, parse_moment
from lrestore.errors import CorruptItemError, MissingItemError, OversizedItemError
from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey
from lrestore.vault.backups.groups import listing_date
from lrestore.vault.reader import Vault

VersionState = Literal["live", "deleted", "unseen", "absent", "unreadable"]


class _Person(msgspec.Struct):
    """The fields of a user that hold its name."""

    display_name: str | None = None
    email: str | None = None


class Actor(msgspec.Struct, frozen=True):
    """A user as rows name one; ``name`` is "" where neither the object nor the backup's users tell it."""

    id: str = ""
    name: str = ""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """``state``: *deleted* is marked deleted; *unseen*: the row is left over from an earlier extraction into the same
    file; *unreadable* has the ``reason``. ``updated_at`` is Looker's own time, ""
    for types that have none. ``content`` is None unless the object can be read.
    """

    state: VersionState
    name: str = ""
    updated_at: str = ""
    updated_by: Actor | None = None
    deleted_by: Actor | None = None
    reason: str = ""
    content: JsonObject | None = None

    @property
    def there(self) -> bool:
        """Whether the backup holds the object, and not as deleted."""
        return self.state in ("live", "unreadable")


ABSENT = Version(state="absent")


def version_in(vault: Vault, key: ItemKey, max_item_bytes: int, seen_since: str) -> Version:
    """The version that a backup holds. ``seen_since``: when the last extraction of the type began, "" if that is not
    known. Raises VaultError if the backup cannot be read on.
    """
    try:
        item = vault.read(key, max_item_bytes=max_item_bytes)
    except MissingItemError:
        return ABSENT
    except (CorruptItemError, OversizedItemError) as error:
        row = vault.row(key)
        name, deleted = (row.name, row.deleted) if row is not None else ("", False)
        return Version(state="deleted" if deleted else "unreadable", name=name, reason=error.message)
    raw = item.raw
    if item.row.synced_at < seen_since and not item.row.deleted:
        reason = f"the extraction of {listing_date(seen_since)} did not see it any more"
        return Version(state="unseen", name=item.name, reason=reason)
    deleted = item.row.deleted or raw.get("deleted") is True
    return Version(
        state="deleted" if deleted else "live",
        name=item.name,
        updated_at=_time(raw.get("updated_at")),
        updated_by=_actor(vault, raw, "last_updater"),
        deleted_by=_actor(vault, raw, "deleter") if deleted else None,
        content=raw,
    )


def _time(value: object) -> str:
    moment = parse_moment(value)
    return iso(moment) if moment is not None else ""


def _actor(vault: Vault, raw: JsonObject, field: str) -> Actor | None:
    user_id = raw.get(f"{field}_id")
    name = raw.get(f"{field}_name")
    if not user_id:
        return Actor("", str(name)) if name else None
    return Actor(str(user_id), str(name or _name_of(vault, str(user_id))))


def _name_of(vault: Vault, user_id: str) -> str:
    found = vault.scan("user", _Person, [user_id])
    return next((person.display_name or person.email or "" for _, person, _ in found), "")
