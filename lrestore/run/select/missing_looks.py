"""Finds looks that dashboards of the run show, that are not selected, and that the destination lacks or has in its
trash.

With ``[run] missing_looks = "restore"`` they are restored first, because a tile cannot be created without its look.
They are determined before the session begins and recorded with it, so that a resumed session has the same items.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence

from lrestore.content.identity import same_origin
from lrestore.errors import DependencyError, LookerError
from lrestore.json_types import JsonObject
from lrestore.looker.read.live import Live
from lrestore.looker.read.reads import identifying_fields
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.restoration.context import Context
from lrestore.restoration.identify.proof import proves
from lrestore.restoration.identify.resolve import is_recorded, resolve
from lrestore.run.contents import Contents
from lrestore.run.select.dependencies import looks_shown
from lrestore.vault.reader import Vault

log = logging.getLogger(__name__)


def missing_looks(contents: Contents, keys: Collection[ItemKey], context: Context) -> list[ItemKey]:
    """The looks to restore in addition to ``keys``: those that the backup holds complete and not in the trash.

    Costs one search for hundreds of looks that are shown and not selected, and one read of each that it does not find;
    nothing for looks that tiles of dashboards show which have just been read.
    """
    vault = contents.vault
    shown = looks_shown(contents, keys)
    looks = [key for key in sorted(shown.keys() - set(keys)) if _is_whole(vault, key)]
    lacking = (key for key in _not_found(vault, looks, context) if _is_missing(context, shown[key], key))
    missing = [key for key in lacking if (context.backup.raw(key) or {"deleted": True}).get("deleted") is not True]
    if missing and context.policy.if_different == "skip":
        needed = looks_shown(contents, _lost_dashboards(vault, keys, context))
        missing = [key for key in missing if key in needed]
    if context.policy.if_trashed == "skip":
        missing = [key for key in missing if not _in_the_trash(context, key)]
    if context.policy.if_missing == "create":
        return missing
    return [key for key in missing if _in_the_trash(context, key)]


def _lost_dashboards(vault: Vault, keys: Collection[ItemKey], context: Context) -> list[ItemKey]:
    """The dashboards that the destination lacks or has in its trash: no other is written with ``if_different = skip``,
    so no other needs its looks.
    """
    return list(_not_found(vault, [key for key in keys if key.type == "dashboard"], context))


def with_missing_looks(keys: Sequence[ItemKey], looks: Collection[ItemKey]) -> list[ItemKey]:
    """``keys`` with the looks among them, in the order of restoring."""
    return sorted([*keys, *looks], key=lambda key: CONTENT_TYPES[key.type].tier)


def _is_whole(vault: Vault, key: ItemKey) -> bool:
    row = vault.row(key)
    return row is not None and not row.corrupt and not row.deleted


def _not_found(vault: Vault, items: Sequence[ItemKey], context: Context) -> Iterator[ItemKey]:
    """The items, all of one type, that few searches do not find under their presumed ids."""
    where = {key: _presumed(context, key) for key in items}
    ids = {live_id for live_id in where.values() if live_id is not None}
    there = _shown_by_tiles(context.destination.live, ids) if ids and items[0].type == "look" else {}
    if ids - there.keys():
        there |= context.destination.live.seen_by_ids(items[0].type, ids - there.keys())
    for key in items:
        live = there.get(where[key] or "")
        if live is None or live.get("deleted") or _is_another(vault, context, key, live):
            yield key


def _shown_by_tiles(live: Live, ids: Collection[str]) -> dict[str, JsonObject]:
    """Those of the looks that are surely there, by id: tiles that have just been read show them whole. The
    specification does not say that a tile shows its look, nor what it shows of one in the trash: such a look, and one
    without a field that identifies it, is left to the search.
    """
    needed, found = set(identifying_fields("look")), {}
    for dashboard in live.read_ahead("dashboard").values():
        for tile in dashboard.get("dashboard_elements") or ():
            look = tile.get("look")
            if isinstance(look, dict) and needed <= look.keys() and look["deleted"] is False and str(look["id"]) in ids:
                found[str(look["id"])] = look
    live.shown("look", found.values())
    return found


def _is_another(vault: Vault, context: Context, key: ItemKey, live: JsonObject) -> bool:
    """Whether the id may now belong to another object."""
    recorded, row = context.records.recorded(key.type, key.id), vault.row(key)
    if recorded is not None:
        return proves(key.type, recorded, live) is not True
    return row is not None and same_origin(row.created_at, live.get("created_at")) is False


def _presumed(context: Context, key: ItemKey) -> str | None:
    """The live id that the item would have, still to be proved."""
    recorded = context.records.recorded(key.type, key.id)
    if recorded is not None:
        return recorded.destination_id
    return key.id if context.backup.same_instance else None


def _is_missing(context: Context, dashboard: ItemKey, look: ItemKey) -> bool:
    """Whether references to the look cannot be resolved. False if Looker does not answer."""
    try:
        resolve(context, look.type, look.id, path="look_id", key=dashboard)
    except DependencyError:
        return True
    except LookerError as error:
        log.warning("cannot check whether %s is in the destination: %s", look, error)
    return False


def _in_the_trash(context: Context, key: ItemKey) -> bool:
    live_id, recorded = _presumed(context, key), context.records.recorded(key.type, key.id)
    live = context.destination.live.trashed(key.type, live_id) if live_id is not None else None
    return live is not None and (recorded is None or is_recorded(context, key, recorded, live))
