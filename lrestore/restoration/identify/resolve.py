"""Translates a reference of the backup into an id of the destination, or gives the reason why that is impossible."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from lrestore.content.identity import NaturalKey
from lrestore.content.shapes.boundary import as_folder, as_user
from lrestore.errors import DependencyError, ItemError
from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey, Recorded
from lrestore.ontology import CONTENT_TYPES
from lrestore.restoration.context import Context
from lrestore.restoration.identify.absence import is_there, missing_target, without_copy
from lrestore.restoration.identify.candidates import OWNER, NameSearch, identifying
from lrestore.restoration.identify.claims import is_another_of_that_name, is_in_trash, still_has_id
from lrestore.restoration.identify.folders import (
    by_path,
    is_special,
    lost_for_good,
    same_path,
    shown_folder,
    special_folder,
    why_folder_missing,
    with_fallback_named,
)
from lrestore.restoration.identify.proof import proves
from lrestore.restoration.identify.recorded_queries import asked_by_namesake, mapped_query
from lrestore.restoration.identify.unclosed_folders import refuse_unclosed
from lrestore.restoration.identify.users import same_person
from lrestore.restoration.stand_in_names import generated_slug

if TYPE_CHECKING:
    from lrestore.content.shapes.look import FolderBase


def resolve(context: Context, target: str, source_id: str, *, path: str, key: ItemKey) -> str:
    """The live id of ``target`` (a content type) that the backup calls ``source_id``.

    Raises DependencyError naming type, id and path where there is none, or where nothing may be put into it yet.
    """
    if target == "folder":
        refuse_unclosed(context.records, context.policy, source_id, path=path, key=key)
    known = _by_mapping(context, target, source_id)
    if known is not None:
        return known
    if context.backup.copies(ItemKey(target, source_id)):
        raise without_copy(target, source_id, path=path, key=key)
    if CONTENT_TYPES[target].id_field == "name":
        if is_there(context.destination.live, target, source_id):
            return source_id
    else:
        found = _by_own_id(context, target, source_id) or _by_natural_key(context, target, source_id)
        if found is not None:
            return found
    homeless = why_folder_missing(context.backup, key, source_id, path) if target == "folder" else None
    raise homeless or missing_target(context.destination.live, context.backup, target, source_id, path=path, key=key)


def presumed(context: Context, target: str, source_id: str) -> str | None:
    """The presumed target of a reference by its id alone: if the live object has it already, no check is needed."""
    own_id = context.backup.same_instance and not context.backup.copies(ItemKey(target, source_id))
    return mapped(context, target, source_id) or (source_id if own_id else None)


def mapped(context: Context, target: str, source_id: str) -> str | None:
    """The live object, in the trash or not, as which a backed-up one is on record; None where that cannot be proved.

    ``target`` is a content type. Costs a call where nothing of the live object has been read yet.
    """
    recorded = context.records.recorded(target, source_id)
    if recorded is None:
        return None
    if _is_known(context, target, source_id, recorded):
        return recorded.destination_id
    key = ItemKey(target, source_id)
    live = None if recorded.sure else context.destination.live.facts(target, recorded.destination_id)
    proved = recorded.sure or (live is not None and is_recorded(context, key, recorded, live))
    if not proved and _is_of_this_run(context, recorded):
        # Recorded by another process of this run, perhaps after this one had read the object.
        live = context.destination.live.facts_now(target, recorded.destination_id)
        proved = live is not None and is_recorded(context, key, recorded, live)
    return recorded.destination_id if proved else None


def _is_known(context: Context, target: str, source_id: str, recorded: Recorded) -> bool:
    """Whether a process of this run has created the recorded object, or found that it is the backed-up one."""
    live, live_id = context.destination.live, recorded.destination_id
    of_this_run = _is_of_this_run(context, recorded) and live.made(target, live_id)
    return of_this_run or live.confirmed(target, live_id, source_id)


def _is_of_this_run(context: Context, recorded: Recorded) -> bool:
    """Whether any process of this run has recorded the mapping. An older one may lead to an id that is given anew."""
    return recorded.at > context.destination.began_at


def is_recorded(context: Context, key: ItemKey, recorded: Recorded, live: JsonObject) -> bool:
    """Whether the live object that has the recorded id is the one that was recorded.

    What an older version has recorded has to agree with the backup, in all that identifies such an object.
    """
    verdict = proves(key.type, recorded, live)
    if verdict is not None:
        return verdict
    backed_up = context.backup.raw(key)
    if backed_up is None:
        return False
    if key.type == "user":
        return same_person(as_user(backed_up), as_user(live))
    if key.type == "folder":
        return same_path(context, key.id, as_folder(live), partial(_special, context))
    wanted = natural_key(context, key, backed_up)
    if wanted is not None and all(_text_of(live.get(name)) == value for name, value in wanted.items()):
        return True
    return "slug" in CONTENT_TYPES[key.type].natural_key and live.get("slug") == generated_slug(key, backed_up)


def _text_of(value: object) -> str | None:
    return None if value in (None, "") else str(value)


def natural_key(context: Context, key: ItemKey, raw: JsonObject) -> NaturalKey | None:
    """The fields that identify the object in the destination, references among them translated. The value None means
    that the object has no name.

    Returns None if the backup lacks one of the fields, or a reference among them has no target.
    """
    entry = CONTENT_TYPES[key.type]
    wanted: dict[str, str | None] = {}
    for name in identifying(entry, raw):
        value = raw.get(name)
        if value in (None, "") and entry.namesakes and name in (entry.title_field, OWNER):
            wanted |= {} if name == OWNER else {name: None}
            continue
        found = None if value in (None, "") else _translated(context, key, raw, name)
        if found is None and name == "query_id" and value is not None:
            found = asked_by_namesake(context, key, raw)
        if found is None:
            return None
        wanted[name] = found
    return wanted or None


def _translated(context: Context, key: ItemKey, raw: JsonObject, name: str) -> str | None:
    """A field of the natural key as the destination has it; None for a reference that leads nowhere."""
    value = str(raw[name])
    reference = next((one for one in CONTENT_TYPES[key.type].references if one.path == name), None)
    if reference is None or reference.kind == "name":
        return value
    if reference.target == "query":
        return value if context.backup.same_instance else mapped_query(context, "query", value)
    if reference.target not in CONTENT_TYPES:
        return value
    try:
        if reference.target == "folder":
            return home(context, key, raw, name).id
        return resolve(context, reference.target, value, path=name, key=key)
    except DependencyError:
        owner = reference.target == "user" and reference.kind == "soft"
        return (context.policy.fallback_owner or context.destination.caller_id) if owner else None


@dataclass(frozen=True, slots=True)
class Home:
    """The live folder that content, or a folder, belongs in. ``instead``: why it is the fallback; "" if it is not."""

    id: str
    instead: str = ""


def home(context: Context, key: ItemKey, raw: JsonObject, name: str) -> Home:
    """The live folder that the field ``name`` of an item leads to, or else the one that [run] fallback_folder names.
    A copy goes into the folder of the copies.

    Raises DependencyError for a folder that the destination lacks and that a restore can bring, and without a fallback.
    """
    if context.backup.beside is not None and context.backup.copies(key):
        return Home(context.backup.beside.folder)
    source_id = str(raw[name])
    try:
        return Home(resolve(context, "folder", source_id, path=name, key=key))
    except DependencyError as error:
        shown = shown_folder(context.backup, raw, source_id, partial(_special, context))
        if shown is not None:
            return Home(shown)
        lost = lost_for_good(context.backup, raw, source_id)
        fallback = context.policy.fallback_folder
        if not lost or not fallback:
            raise with_fallback_named(error, lost=bool(lost)) from None
        return Home(fallback, f"{lost}; using fallback_folder {fallback}")


def _by_mapping(context: Context, target: str, source_id: str) -> str | None:
    """The live object as which a backed-up one is on record, if it can be referred to."""
    known = mapped(context, target, source_id)
    if known is None:
        return None
    live = context.destination.live
    there = live.made(target, known) or live.confirmed(target, known, source_id) or is_there(live, target, known)
    return known if there else None


def _by_own_id(context: Context, target: str, source_id: str) -> str | None:
    """The id of the backup, where it still means the same object: in the same instance."""
    if not context.backup.same_instance or not is_there(context.destination.live, target, source_id):
        return None
    return source_id if still_has_id(context, target, source_id) else None


def _without_its_name(context: Context, target: str, source_id: str) -> str | None:
    """The live id of a backed-up object, by its mapping or its id."""
    return _by_mapping(context, target, source_id) or _by_own_id(context, target, source_id)


def _by_natural_key(context: Context, target: str, source_id: str) -> str | None:
    """The one live object with the natural key of a backed-up one that was not found by its id; None if there is no
    such object, or more than one. An object in the trash cannot be referred to, and is not replaced by a namesake.
    """
    key = ItemKey(target, source_id)
    backed_up = context.backup.raw(key)
    if backed_up is None or is_in_trash(context, key, backed_up):
        return None
    if target == "folder":
        return by_path(context, source_id, partial(_known_folder, context))
    names = by_name(context)
    candidates = names.targets(key, backed_up)
    rows = [
        row
        for row in candidates.rows
        if not row.get("deleted") and not is_another_of_that_name(context, key, backed_up, row)
    ]
    found = names.chosen(key, backed_up, candidates, rows)
    return None if found.doubtful or not found.rows else str(found.rows[0][CONTENT_TYPES[target].id_field])


def by_name(context: Context) -> NameSearch:
    """The search for items by their natural keys."""
    return NameSearch(
        context, partial(natural_key, context), partial(_without_its_name, context), partial(_quietly, context)
    )


def _quietly(context: Context, target: str, source_id: str) -> str | None:
    if target == "user":
        return user_there(context, source_id)
    try:
        return resolve(context, target, source_id, path="", key=ItemKey(target, source_id))
    except ItemError:
        return None


def _special(context: Context, folder: FolderBase) -> str | None:
    """The live id of a folder that only Looker makes; None where the destination has none."""
    user_of = partial(user_there, context)
    return special_folder(context.destination.live, context.backup, folder, user_of)


def _known_folder(context: Context, folder_id: str, folder: FolderBase) -> str | None:
    """The live folder of a backed-up one, found without its name; None if that is not possible."""
    known = _without_its_name(context, "folder", folder_id)
    if known is not None:
        return known
    if is_special(folder):
        return _special(context, folder)
    return None


def user_there(context: Context, source_id: str) -> str | None:
    """The live id of a backed-up user, None for one that the destination does not have.

    Each user is searched for once per process. A mapping that is recorded later counts, too.
    """
    key = ItemKey("user", source_id)

    def search() -> str | None:
        try:
            return resolve(context, "user", source_id, path="", key=key)
        except DependencyError:
            return None

    def outdated(found: str | None) -> bool:
        return found is None and context.records.recorded("user", source_id) is not None

    try:
        return context.users.of(source_id, search, outdated)
    except ItemError:
        return None
