"""Translate a reference of the backup into an id of the destination, or say why that cannot be done."""

from __future__ import annotations

from typing import Any

from lrestore.errors import DependencyError, ItemError
from lrestore.identity import same_origin
from lrestore.looker.live import LISTED
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.restoration.context import Context

_FOLDER_ROOTS = ("is_shared_root", "is_users_root", "is_embed_shared_root", "is_embed_users_root")


def resolve(context: Context, target: str, source_id: str, *, path: str, key: ItemKey) -> str:
    """The live id of ``target`` (a content type) that the backup calls ``source_id``.

    Raises DependencyError naming type, id and path where there is none.
    """
    mapped = context.journal.mapping(target, source_id)
    if mapped is not None and _there(context, target, mapped):
        return mapped
    if CONTENT_TYPES[target].id_field == "name":
        if _there(context, target, source_id):
            return source_id
    elif context.same_instance:
        if _there(context, target, source_id) and _is_same(context, target, source_id):
            return source_id
    else:
        found = _by_natural_key(context, target, source_id)
        if found is not None:
            return found
    raise missing(context, target, source_id, path=path, key=key)


def natural_key(context: Context, key: ItemKey, raw: dict[str, Any]) -> dict[str, str] | None:
    """The fields that identify the object in the destination, references among them translated.

    None where the backup lacks one of them, or a reference among them leads nowhere.
    """
    entry = CONTENT_TYPES[key.type]
    targets = {reference.path: reference.target for reference in entry.references}
    wanted: dict[str, str] = {}
    for name in entry.natural_key:
        value = raw.get(name)
        if value in (None, ""):
            return None
        if name in targets and targets[name] in CONTENT_TYPES:
            try:
                value = resolve(context, targets[name], str(value), path=name, key=key)
            except DependencyError:
                return None
        wanted[name] = str(value)
    return wanted or None


def _there(context: Context, target: str, object_id: str) -> bool:
    """An object may be younger than the listing of its type, or be left out of it."""
    return context.live.exists(target, object_id) or (
        target in LISTED and context.live.beyond(target, object_id) is not None
    )


def missing(context: Context, target: str, source_id: str, *, path: str, key: ItemKey) -> DependencyError:
    """The error for a hard reference that leads nowhere."""
    held = context.source.holds(ItemKey(target, source_id))
    hint = f"restore it first: --select {target}={source_id}" if held else "the backup does not hold it either"
    return DependencyError(
        f"{key} needs {target}={source_id} ({path}), which is not in the destination", path=path, key=key, hint=hint
    )


def _is_same(context: Context, target: str, source_id: str) -> bool:
    """A listed object is compared with its backup; of others the id is trusted, as the instance is the same."""
    if target != "folder":
        return True
    backed_up = _read(context, ItemKey(target, source_id))
    if backed_up is None:
        return True
    live = context.live.table(target)[source_id]
    return same_origin(backed_up.get("created_at"), live.get("created_at")) is not False


def _by_natural_key(context: Context, target: str, source_id: str) -> str | None:
    key = ItemKey(target, source_id)
    backed_up = _read(context, key)
    if backed_up is None:
        return None
    if target == "folder":
        special = _special_folder(context, backed_up)
        if special is not None:
            return special or None
    wanted = natural_key(context, key, backed_up)
    found = context.live.find(target, wanted) if wanted else []
    return str(found[0][CONTENT_TYPES[target].id_field]) if len(found) == 1 else None


def _special_folder(context: Context, backed_up: dict[str, Any]) -> str | None:
    """Roots are matched by their flags. "" for a folder that only its owner's account can bring; None for a
    usual one.
    """
    folders = context.live.table("folder")
    for flag in _FOLDER_ROOTS:
        if backed_up.get(flag):
            return next((object_id for object_id, folder in folders.items() if folder.get(flag)), "")
    return "" if backed_up.get("is_personal") else None


def _read(context: Context, key: ItemKey) -> dict[str, Any] | None:
    try:
        raw: dict[str, Any] = context.source.read(key, max_item_bytes=context.policy.max_item_bytes).raw
    except ItemError:
        return None
    return raw
