"""The filters of a selection: by name, owner, folder and date. Pure functions over rows of the backup's index."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Protocol

import msgspec

from lrestore.content.canonical import parse_moment
from lrestore.errors import UsageError
from lrestore.messages import ItemKey


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """The filters of a selection; ``""``: not given. All that are given must hold."""

    owner: str = ""
    folder: str = ""
    name: str = ""
    updated_since: str = ""
    updated_before: str = ""
    include_deleted: bool = False

    def __post_init__(self) -> None:
        """Raises UsageError for a date that is none, or a span in which no moment lies."""
        since = parse_date(self.updated_since) if self.updated_since else None
        before = parse_date(self.updated_before) if self.updated_before else None
        if since and before and since >= before:
            raise UsageError(
                f"no time is at or after {self.updated_since} and before {self.updated_before}",
                hint="--updated-since must be the earlier one",
            )


class FilteredRow(Protocol):
    """The attributes that filters read: rows of the vault's index have them."""

    @property
    def key(self) -> ItemKey: ...
    @property
    def name(self) -> str: ...
    @property
    def owner_id(self) -> str | None: ...
    @property
    def updated_at(self) -> str: ...
    @property
    def deleted(self) -> bool: ...
    @property
    def folder_id(self) -> str | None: ...


def matches(
    row: FilteredRow, filters: Filters, folders_below: frozenset[str] | None, owner_ids: frozenset[str] | None
) -> bool:
    """Do all given filters hold? ``folders_below`` comes from :func:`subtree`, ``owner_ids`` are those of ``--owner``.

    An item that lacks what a filter asks for (folder, owner, a readable time) isn't matched. Case counts in names.
    """
    if row.deleted and not filters.include_deleted:
        return False
    if owner_ids is not None and row.owner_id not in owner_ids:
        return False
    if folders_below is not None and not _lies_below(row, folders_below):
        return False
    return (not filters.name or fnmatchcase(row.name, filters.name)) and _updated_within(row, filters)


def _lies_below(row: FilteredRow, folders: frozenset[str]) -> bool:
    return row.folder_id in folders or (row.key.type == "folder" and row.key.id in folders)


def _updated_within(row: FilteredRow, filters: Filters) -> bool:
    if not (filters.updated_since or filters.updated_before):
        return True
    updated = parse_moment(row.updated_at)
    if updated is None:
        return False
    early_enough = not filters.updated_before or updated < parse_date(filters.updated_before)
    return early_enough and (not filters.updated_since or updated >= parse_date(filters.updated_since))


@functools.cache
def parse_date(text: str) -> datetime:
    """``2026-11-23`` (its midnight) or an ISO 8601 time; without an offset, UTC. Raises UsageError for others."""
    moment = None
    with contextlib.suppress(ValueError, OverflowError):
        moment = parse_moment(text.strip())
    if moment is None:
        raise UsageError(
            f"{text!r} is not a date", hint="write 2026-11-23 or 2026-11-23T10:00:00Z; without an offset it is UTC"
        )
    return moment


def subtree(folder_id: str, parents: Mapping[str, str]) -> frozenset[str]:
    """The folder and all below it; ``parents`` maps folder ids to their parents'. Cycles do no harm."""
    children: dict[str, list[str]] = {}
    for child, parent in parents.items():
        children.setdefault(parent, []).append(child)
    found: set[str] = set()
    waiting = [folder_id]
    while waiting:
        folder = waiting.pop()
        if folder not in found:
            found.add(folder)
            waiting += children.get(folder, ())
    return frozenset(found)
