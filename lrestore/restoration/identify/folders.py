"""Folders by their place: those that Looker itself creates, and those that the names on the way down lead to.

A restore finds the folders that Looker creates with an instance and its users, and never creates them. Roots are known
by their flags, the folder of LookML dashboards by its id, embed folders by the external id of their group, personal
folders by their owner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from lrestore.content.shapes.boundary import as_folder, as_user
from lrestore.errors import DependencyError
from lrestore.json_types import JsonObject
from lrestore.looker.read.live import Live
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.schema import is_built_in
from lrestore.restoration.backup import Backup
from lrestore.restoration.context import Context
from lrestore.restoration.identify.claims import is_another_item

if TYPE_CHECKING:
    from lrestore.content.shapes.look import FolderBase

ROOTS: Final = ("is_shared_root", "is_users_root", "is_embed_shared_root", "is_embed_users_root")
_FLAGS: Final = (*ROOTS, "is_personal", "external_id")
_LOOKML = "lookml"

UserOf = Callable[[str], str | None]
"""The live id of a backed-up user, None for one that the destination does not have."""

Special = Callable[["FolderBase"], str | None]
"""The live id of a folder that only Looker makes; None where the destination has none."""


_FALLBACK_HINT = "set [run] fallback_folder to the id of a folder"


def is_special(folder: FolderBase) -> bool:
    """Whether a backed-up folder is one that only Looker makes."""
    flagged = any(folder.get(flag) for flag in _FLAGS)
    return flagged or str(folder.get("id")) == _LOOKML


def special_folder(live: Live, backup: Backup, folder: FolderBase, user_of: UserOf) -> str | None:
    """The live id of such a folder; None where the destination has none."""
    if folder.get("is_personal"):
        owner = owner_of(backup, folder)
        user_id = user_of(owner) if owner else None
        return live.personal_folder(user_id) if user_id else None
    for flag in ROOTS:
        if folder.get(flag):
            return live.flagged_folder(flag)
    if folder.get("external_id"):
        found = live.find("folder", {"external_id": str(folder["external_id"])})
        return str(found[0]["id"]) if found else None
    return _LOOKML if live.exists("folder", _LOOKML) else None


def owner_of(backup: Backup, folder: FolderBase) -> str | None:
    """The source id of the user whose personal folder this is, by the user's own record; otherwise of its creator."""
    owner = backup.source.personal_folders.get(str(folder["id"]))
    if owner is None and folder.get("creator_id") is not None:
        return str(folder["creator_id"])
    return owner


def lineage(backup: Backup, folder_id: str) -> Iterator[tuple[str, FolderBase]]:
    """A backed-up folder and those above it, as far as they can be read; it ends where a folder comes again."""
    seen: set[str] = set()
    here: str | None = folder_id
    while here is not None and here not in seen:
        seen.add(here)
        raw = backup.raw(ItemKey("folder", here))
        if raw is None:
            return
        folder = as_folder(raw)
        yield here, folder
        above = folder.get("parent_id")
        here = None if above in (None, "") else str(above)


def circle(backup: Backup, folder_id: str) -> tuple[str, ...]:
    """The folders of a circle in the backup, if the parents of this one lead into it."""
    way = list(lineage(backup, folder_id))
    if not way:
        return ()
    above = str(way[-1][1].get("parent_id") or "")
    ids = [one for one, _ in way]
    return (*ids[ids.index(above) :], above) if above in ids else ()


def why_folder_missing(backup: Backup, key: ItemKey, folder_id: str, path: str) -> DependencyError | None:
    """The error for a folder that cannot be restored; None if the usual error is sufficient."""
    loop = circle(backup, folder_id)
    if loop:
        chain = " in ".join(f"folder={one}" for one in loop)
        hint = "the backup is damaged there: move the content's folder in a copy of the backup, or restore elsewhere"
        return DependencyError(
            f"{key} needs folder={folder_id} ({path}), which is in a circle of folders: {chain}",
            path=path,
            key=key,
            hint=hint,
        )
    for _, folder in lineage(backup, folder_id):
        if folder.get("is_personal"):
            return _without_owner(backup, key, folder, path)
    return None


def _without_owner(backup: Backup, key: ItemKey, folder: FolderBase, path: str) -> DependencyError:
    owner = owner_of(backup, folder)
    user = backup.raw(ItemKey("user", owner)) if owner else None
    login = as_user(user or {})
    email = login.get("email") or (login.get("credentials_email") or {}).get("email")
    named = f"user={owner}" + (f" ({email})" if email else "") if owner else "an unknown user"
    restorable = user is not None and not is_built_in(CONTENT_TYPES["user"], user)
    restore = f"restore the user first: --select user={owner}, or " if restorable else ""
    return DependencyError(
        f"{key} belongs in the personal folder {str(folder.get('name') or '')!r} of {named} ({path}), "
        "and that user is not in the destination or has no personal folder there",
        path=path,
        key=key,
        hint=f"{restore}set [run] fallback_folder to the id of a folder",
    )


def in_personal_folder(backup: Backup, raw: JsonObject, folder_id: str) -> bool:
    """Whether the folder is a personal folder or below one."""
    shown = as_folder(raw.get("folder") or {})
    if shown.get("is_personal") or shown.get("is_personal_descendant"):
        return True
    return any(folder.get("is_personal") for _, folder in lineage(backup, folder_id))


def lost_for_good(backup: Backup, raw: JsonObject, source_id: str) -> str:
    """The reason why a missing folder cannot be restored; "" if it can."""
    if in_personal_folder(backup, raw, source_id):
        return f"personal folder {source_id} is gone"
    if backup.raw(ItemKey("folder", source_id)) is None:
        return f"folder {source_id} is in neither the backup nor the destination"
    return ""


def same_path(context: Context, source_id: str, live: FolderBase, special: Special) -> bool:
    """Whether the names agree on the way up from the two folders, to one that comes with every instance."""
    here: FolderBase | None = live
    for _, folder in lineage(context.backup, source_id):
        if here is None:
            return False
        if is_special(folder):
            return str(here["id"]) == special(folder)
        if str(here.get("name")) != str(folder.get("name")):
            return False
        above = context.destination.live.get("folder", str(here.get("parent_id")))
        here = None if above is None else as_folder(above)
    return False


def by_path(context: Context, source_id: str, known: Callable[[str, FolderBase], str | None]) -> str | None:
    """The live folder to which the names on the way down lead, from the first folder above that is ``known``."""
    below: list[tuple[ItemKey, str]] = []
    for folder_id, folder in lineage(context.backup, source_id):
        here = known(folder_id, folder)
        if here is not None:
            break
        if folder.get("is_personal") and folder_id != source_id and context.policy.fallback_folder:
            here = context.policy.fallback_folder
            break
        below.append((ItemKey("folder", folder_id), str(folder.get("name"))))
    else:
        here = context.policy.fallback_folder
        if not here or not _above_is_lost(context, below[-1][0] if below else None):
            return None
    for key, name in reversed(below):
        rows = context.destination.live.find("folder", {"parent_id": here, "name": name})
        found = [row for row in rows if not is_another_item(context.backup, context.records, key, row)]
        if len(found) != 1:
            return None
        here = str(found[0]["id"])
    return here


def _above_is_lost(context: Context, highest: ItemKey | None) -> bool:
    """Whether the highest folder of a lineage is in one that the backup does not hold: a restore puts it elsewhere."""
    above = None if highest is None else (context.backup.raw(highest) or {}).get("parent_id")
    return above not in (None, "") and context.backup.raw(ItemKey("folder", str(above))) is None


def with_fallback_named(error: DependencyError, *, lost: bool) -> DependencyError:
    """The error for a missing folder; for one that is ``lost``, the hint names [run] fallback_folder."""
    hint = error.hint or ""
    if lost and "fallback_folder" not in hint:
        named = f"{hint}: {_FALLBACK_HINT}" if hint else _FALLBACK_HINT
        return error.with_context(hint=named)
    return error


def shown_folder(backup: Backup, raw: JsonObject, source_id: str, special: Special) -> str | None:
    """The live id of a root folder that content shows, for a backup that lacks the folder itself."""
    shown = as_folder(raw.get("folder") or {})
    held = backup.source.holds(ItemKey("folder", source_id))
    if held or str(shown.get("id")) != source_id or not is_special(shown):
        return None
    return special(shown)
