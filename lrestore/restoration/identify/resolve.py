"""Translates a reference of the backup into an id of the destination, or gives the reason why that is impossible."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from lrestore.content.identity import same_origin
from lrestore.content.shapes.boundary import as_folder, as_user
from lrestore.errors import DependencyError, ItemError
from lrestore.json_types import JsonObject
from lrestore.looker.read.live import LISTED
from lrestore.messages import ItemKey, Recorded
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.schema import ContentType, is_built_in
from lrestore.restoration.context import Context
from lrestore.restoration.identify.absence import is_there, missing, without_copy
from lrestore.restoration.identify.claims import is_another_item, other_than_its_name
from lrestore.restoration.identify.folders import (
    in_personal_folder,
    is_special,
    lineage,
    special_folder,
    why_folder_missing,
)
from lrestore.restoration.identify.namesakes import Choice, choose
from lrestore.restoration.identify.proof import proves
from lrestore.restoration.identify.queries import fingerprint
from lrestore.restoration.identify.recorded_queries import mapped_query
from lrestore.restoration.identify.traits import telling_of
from lrestore.restoration.identify.unclosed_folders import refuse_unclosed
from lrestore.restoration.identify.users import by_name_alone, find_by_name, find_users, known_by, name_of, same_person
from lrestore.restoration.stand_in_names import generated_slug

if TYPE_CHECKING:
    from lrestore.content.shapes.look import FolderBase

NaturalKey = dict[str, str | None]

_OWNER = "user_id"

_FALLBACK_HINT = "set [run] fallback_folder to the id of a folder"


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
    raise homeless or missing(context.destination.live, context.backup, target, source_id, path=path, key=key)


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
    key = ItemKey(target, source_id)
    live = None if recorded.sure else context.destination.live.facts(target, recorded.destination_id)
    proved = recorded.sure or (live is not None and is_recorded(context, key, recorded, live))
    if not proved and recorded.at > context.destination.began_at:
        # Recorded by another process of this run, perhaps after this one had read the object.
        live = context.destination.live.facts_now(target, recorded.destination_id)
        proved = live is not None and is_recorded(context, key, recorded, live)
    return recorded.destination_id if proved else None


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
        return _same_path(context, key.id, as_folder(live))
    wanted = natural_key(context, key, backed_up)
    if wanted is not None and all(_text_of(live.get(name)) == value for name, value in wanted.items()):
        return True
    return "slug" in CONTENT_TYPES[key.type].natural_key and live.get("slug") == generated_slug(key, backed_up)


def _text_of(value: object) -> str | None:
    return None if value in (None, "") else str(value)


def _same_path(context: Context, source_id: str, live: FolderBase) -> bool:
    """Whether the names agree on the way up from the two folders, to one that comes with every instance."""
    here: FolderBase | None = live
    for _, folder in lineage(context.backup, source_id):
        if here is None:
            return False
        if is_special(folder):
            return str(here["id"]) == _special(context, folder)
        if str(here.get("name")) != str(folder.get("name")):
            return False
        above = context.destination.live.get("folder", str(here.get("parent_id")))
        here = None if above is None else as_folder(above)
    return False


def natural_key(context: Context, key: ItemKey, raw: JsonObject) -> NaturalKey | None:
    """The fields that identify the object in the destination, references among them translated; a None there stands
    for an object without a name.

    None where the backup lacks one of them, or a reference among them leads nowhere.
    """
    entry = CONTENT_TYPES[key.type]
    wanted: NaturalKey = {}
    for name in identifying(entry, raw):
        value = raw.get(name)
        if value in (None, "") and entry.namesakes and name in (entry.title_field, _OWNER):
            wanted |= {} if name == _OWNER else {name: None}
            continue
        found = None if value in (None, "") else _translated(context, key, raw, name)
        if found is None and name == "query_id" and value is not None:
            found = _asked_by_namesake(context, key, raw)
        if found is None:
            return None
        wanted[name] = found
    return wanted or None


def identifying(entry: ContentType, raw: JsonObject) -> list[str]:
    """The fields of the natural key that say something: of those of which an object has just one, that one."""
    chosen = [name for name in entry.one_of if raw.get(name) not in (None, "")]
    if entry.one_of and not chosen:
        return list(entry.natural_key)
    return [name for name in entry.natural_key if name not in entry.one_of or name in chosen]


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
        shown = _shown_folder(context, raw, source_id)
        if shown is not None:
            return Home(shown)
        lost = _lost_for_good(context, raw, source_id)
        fallback = context.policy.fallback_folder
        if not lost or not fallback:
            raise _with_fallback_named(error, lost=bool(lost)) from None
        return Home(fallback, f"{lost}; using fallback_folder {fallback}")


def _with_fallback_named(error: DependencyError, *, lost: bool) -> DependencyError:
    hint = error.hint or ""
    if lost and "fallback_folder" not in hint:
        named = f"{hint}: {_FALLBACK_HINT}" if hint else _FALLBACK_HINT
        return error.with_context(hint=named)
    return error


def _shown_folder(context: Context, raw: JsonObject, source_id: str) -> str | None:
    """Content shows its folder in brief: that tells a root folder where the backup lacks the folder itself."""
    shown = as_folder(raw.get("folder") or {})
    held = context.backup.source.holds(ItemKey("folder", source_id))
    if held or str(shown.get("id")) != source_id or not is_special(shown):
        return None
    return _special(context, shown)


def _lost_for_good(context: Context, raw: JsonObject, source_id: str) -> str:
    """The reason why a missing folder cannot be restored; "" if it can."""
    if in_personal_folder(context.backup, raw, source_id):
        return f"personal folder {source_id} is gone"
    if context.backup.raw(ItemKey("folder", source_id)) is None:
        return f"folder {source_id} is in neither the backup nor the destination"
    return ""


def _asked_by_namesake(context: Context, key: ItemKey, raw: JsonObject) -> str | None:
    """The live query that an object of the same name shows, if it asks the same: found although none is recorded."""
    asked = fingerprint(context.backup.definitions.query(str(raw["query_id"])))
    if asked is None or key.type not in LISTED:
        return None
    for row in context.destination.live.table(key.type).values():
        if row.get("query_id") is not None and row.get("name") == raw.get("name"):
            path = {"query_id": str(row["query_id"])}
            if fingerprint(context.destination.session.call("query", path=path)) == asked:
                return str(row["query_id"])
    return None


def _by_mapping(context: Context, target: str, source_id: str) -> str | None:
    """The live object as which a backed-up one is on record, if it can be referred to."""
    known = mapped(context, target, source_id)
    return known if known is not None and is_there(context.destination.live, target, known) else None


def _by_own_id(context: Context, target: str, source_id: str) -> str | None:
    """The id of the backup, where it still means the same object: in the same instance."""
    if not context.backup.same_instance or not is_there(context.destination.live, target, source_id):
        return None
    return source_id if _is_same(context, target, source_id) else None


def _without_its_name(context: Context, target: str, source_id: str) -> str | None:
    """The live object of a backed-up one, as far as a mapping or its id tells."""
    return _by_mapping(context, target, source_id) or _by_own_id(context, target, source_id)


def _is_same(context: Context, target: str, source_id: str) -> bool:
    """Whether an id still belongs to what the backup calls so; types without a ``created_at`` are trusted, as the
    instance is the same.
    """
    if not CONTENT_TYPES[target].created_at:
        return True
    created_at = context.destination.live.created_at(target, source_id)
    return context.backup.may_be(ItemKey(target, source_id), created_at)


def _by_natural_key(context: Context, target: str, source_id: str) -> str | None:
    """The one live object with the natural key of a backed-up one whose id does not tell; None if there is no such
    object, or more than one. An object in the trash cannot be referred to, and is not replaced by a namesake.
    """
    key = ItemKey(target, source_id)
    backed_up = context.backup.raw(key)
    if backed_up is None or _in_the_trash(context, key, backed_up):
        return None
    if target == "folder":
        return _folder(context, source_id)
    candidates = candidates_for(context, key, backed_up)
    rows = [row for row in candidates.rows if not row.get("deleted") and not _another(context, key, backed_up, row)]
    found = chosen(context, key, backed_up, candidates, rows)
    return None if found.doubtful or not found.rows else str(found.rows[0][CONTENT_TYPES[target].id_field])


@dataclass(frozen=True, slots=True)
class Candidates:
    """Live objects that have the natural key ``wanted`` of an item. ``login``: users who log in with the same."""

    wanted: NaturalKey = field(default_factory=dict)
    rows: list[JsonObject] = field(default_factory=list)
    login: bool = False


def candidates_for(context: Context, key: ItemKey, raw: JsonObject) -> Candidates:
    """The live objects that may be the backed-up one by their natural key, those in the trash included.

    Plans of other owners are among them: an owner may have been replaced.
    """
    if key.type == "user":
        user = as_user(raw)
        found = find_users(context, key, user)
        if found:
            return Candidates(dict(known_by(user)), found, login=True)
        return Candidates(name_of(user), find_by_name(context, user))
    wanted = natural_key(context, key, raw)
    if not wanted:
        return Candidates()
    searched = {name: value for name, value in wanted.items() if name != _OWNER}
    return Candidates(wanted, context.destination.live.find(key.type, searched))


def chosen(
    context: Context, key: ItemKey, raw: JsonObject, candidates: Candidates, rows: list[JsonObject]
) -> Choice[JsonObject]:
    """Which of ``rows``, candidates that are not known to be others, the backed-up object is."""
    telling = (
        None if candidates.login else telling_of(context, key.type, lambda kind, one: _quietly(context, kind, one))
    )
    if telling is None or not rows:
        return Choice(tuple(rows), doubtful=len(rows) > 1)
    items = {key.id: raw, **_rivals(context, key, candidates.wanted)}
    if len(rows) == len(items) == 1 and telling.rest(raw, rows[0]) == "same":
        return Choice(tuple(rows))
    return choose(key.id, items, {str(row["id"]): row for row in rows}, telling)


def _rivals(context: Context, key: ItemKey, wanted: NaturalKey) -> dict[str, JsonObject]:
    """Other items of the backup with the same natural key, of which the live object is not known either."""
    found: dict[str, JsonObject] = {}
    for source_id in context.backup.source.namesakes(key):
        other = ItemKey(key.type, source_id)
        if other == key or _without_its_name(context, other.type, other.id) is not None:
            continue
        content = context.backup.raw(other)
        if content is None or is_built_in(CONTENT_TYPES[key.type], content):
            continue
        if _has_natural_key(context, other, content, wanted):
            found[source_id] = content
    return found


def _has_natural_key(context: Context, key: ItemKey, raw: JsonObject, wanted: NaturalKey) -> bool:
    """Whether an item may be looked for by the same natural key, apart from its owner. A user that is
    found by its login is not looked for by its name.
    """
    if key.type == "user":
        user = as_user(raw)
        return name_of(user) == wanted and by_name_alone(user) and not find_users(context, key, user)
    return {**(natural_key(context, key, raw) or {}), _OWNER: None} == {**wanted, _OWNER: None}


def _quietly(context: Context, target: str, source_id: str) -> str | None:
    if target == "user":
        return user_there(context, source_id)
    try:
        return resolve(context, target, source_id, path="", key=ItemKey(target, source_id))
    except ItemError:
        return None


def _another(context: Context, key: ItemKey, backed_up: JsonObject, row: JsonObject) -> bool:
    """Whether a live object of the same natural key is another all the same: known to be, or born at another time."""
    if context.backup.same_instance and str(row[CONTENT_TYPES[key.type].id_field]) == key.id:
        born_elsewhere = same_origin(backed_up.get("created_at"), row.get("created_at")) is False
        return born_elsewhere and other_than_its_name(key.type)
    return is_another_item(context.backup, context.records, key, row)


def _in_the_trash(context: Context, key: ItemKey, backed_up: JsonObject) -> bool:
    """Whether the backed-up object still has its id, and lies in the trash."""
    if not context.backup.same_instance or not CONTENT_TYPES[key.type].trash:
        return False
    trashed = context.destination.live.trashed(key.type, key.id)
    return trashed is not None and same_origin(backed_up.get("created_at"), trashed.get("created_at")) is not False


def _folder(context: Context, source_id: str) -> str | None:
    """A folder by the names on the way down to it, from the first one above that is known otherwise."""
    below: list[tuple[ItemKey, str]] = []
    for folder_id, folder in lineage(context.backup, source_id):
        here = _known_folder(context, folder_id, folder)
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


def _special(context: Context, folder: FolderBase) -> str | None:
    """The live id of a folder that only Looker makes; None where the destination has none."""
    user_of = partial(user_there, context)
    return special_folder(context.destination.live, context.backup, folder, user_of)


def _known_folder(context: Context, folder_id: str, folder: FolderBase) -> str | None:
    """The live folder of a backed-up one, as far as that can be told without its name."""
    known = _without_its_name(context, "folder", folder_id)
    if known is not None:
        return known
    if is_special(folder):
        return _special(context, folder)
    return None


def user_there(context: Context, source_id: str) -> str | None:
    """The live id of a backed-up user, None for one who is not there.

    Each user is looked for once per process; one who was not found then is there as soon as a mapping says so.
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
