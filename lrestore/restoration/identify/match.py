"""Find the live counterpart of a backed-up object, by the identity rules.

In order: a recorded mapping whose object still exists; in the same instance the same id, if ``created_at`` does not say
otherwise, in the trash too; the one object with the same natural key; else it is missing. An object in the trash is not
missing. An item that is copied beside the original has no counterpart but its own copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lrestore.content.identity import NaturalKey, same_origin
from lrestore.content.shapes.boundary import as_user
from lrestore.errors import AmbiguousMatchError
from lrestore.json_types import JsonObject
from lrestore.looker.read.live import whole
from lrestore.messages import ItemKey, Recorded
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.schema import ContentType
from lrestore.restoration.context import Context
from lrestore.restoration.identify.candidates import identifying
from lrestore.restoration.identify.claims import is_another_item, other_than_its_name
from lrestore.restoration.identify.proven_absence import is_surely_absent
from lrestore.restoration.identify.resolve import by_name, is_recorded, natural_key
from lrestore.restoration.identify.unanswered_create import sole_new
from lrestore.restoration.identify.users import is_another_person, same_person
from lrestore.restoration.stand_in_names import generated_slug, temporary_title


@dataclass(slots=True)
class Match:
    """The live object of an item, and how it was found."""

    live: JsonObject | None = None
    """The live object; None if it is missing."""
    how: str = ""
    """How it was found: by id, by mapping, by natural key; "" if it is missing."""
    ids_hold: bool = False
    """Whether ids of its parts mean the same as in the backup."""
    parts_unseen: bool = False
    """Whether it is in the trash, where Looker does not show its parts."""
    taken: JsonObject | None = None
    """Another object that has the natural key of the item."""
    stranger: str = ""
    """The id of the item, if another object has it now."""
    recorded: Recorded | None = None
    """The mapping by which it was found."""
    surely_absent: bool = False
    """Whether listings, read a moment ago, show that it is missing."""
    unproved: str = ""
    """Why a recorded mapping does not count; also among the warnings."""
    warnings: list[str] = field(default_factory=list)


def find_live(context: Context, key: ItemKey, raw: JsonObject) -> Match:
    """The live object that the backed-up one is.

    Raises AmbiguousMatchError when the natural key fits more than one.
    """
    match = Match()
    if not CONTENT_TYPES[key.type].update_schema:
        return _defined(context, raw, match)
    if context.backup.copies(key):
        _own_copy(context, key, raw, match)
    elif not _by_mapping(context, key, match):
        match.surely_absent = is_surely_absent(context, key, raw)
        if not match.surely_absent and not _by_id(context, key, raw, match):
            _in_trash_or_by_natural_key(context, key, raw, match)
    match.parts_unseen = _parts_unseen(key.type, match.live)
    return match


def _own_copy(context: Context, key: ItemKey, raw: JsonObject, match: Match) -> None:
    """The copy that the session has made already. No other object is looked for, unless a create of the copy is open:
    its slug is its own, and its title was free in the folder.
    """
    if _by_mapping(context, key, match) or not context.records.unsettled(key):
        return
    wanted = natural_key(context, key, raw)
    rows = context.destination.live.find_now(key.type, wanted) if wanted else []
    found = sole_new(context, key, rows)
    if found is not None:
        match.live = context.destination.live.get(key.type, str(found["id"])) or found
        match.how = "natural key"


def _defined(context: Context, raw: JsonObject, match: Match) -> Match:
    """An explore: it is what its LookML says, under the same name wherever that is deployed."""
    model, name = str(raw["model_name"]), str(raw["name"])
    if context.destination.live.explore_exists(model, name):
        match.live, match.how, match.ids_hold = {"id": f"{model}::{name}", "name": name}, "id", True
    return match


def _parts_unseen(type_name: str, live: JsonObject | None) -> bool:
    """Every dashboard has a layout: one that shows none shows none of its parts."""
    return type_name == "dashboard" and live is not None and bool(live.get("deleted")) and not _layouts(live)


def _layouts(live: JsonObject) -> bool:
    return bool(live.get("dashboard_layouts"))


def _by_mapping(context: Context, key: ItemKey, match: Match) -> bool:
    recorded = context.records.recorded(key.type, key.id)
    if recorded is None:
        return False
    mapped = recorded.destination_id
    live = context.destination.live.beyond(key.type, mapped) or context.destination.live.trashed(key.type, mapped)
    if live is None:
        _ignore_mapping(match, f"mapped to id {mapped}, which no longer exists")
        return False
    if not is_recorded(context, key, recorded, live):
        _ignore_mapping(
            match,
            f"mapped to id {mapped}, but that may be another {key.type} now "
            f"({title_of(key.type, live)!r}{_born(live)}): ignoring the mapping",
        )
        return False
    match.live, match.recorded = live, recorded
    match.how = "mapping"
    match.ids_hold = context.backup.same_instance and mapped == key.id
    return True


def _ignore_mapping(match: Match, why: str) -> None:
    match.unproved = why
    match.warnings.append(why)


def _by_id(context: Context, key: ItemKey, raw: JsonObject, match: Match) -> bool:
    if context.backup.judgement.instance == "other":
        return False
    return _take_by_id(context, key, raw, match, context.destination.live.beyond(key.type, key.id))


def _in_trash_or_by_natural_key(context: Context, key: ItemKey, raw: JsonObject, match: Match) -> None:
    """A trashed object of the id and the ``created_at`` of the backup comes before a namesake, which is another object.

    A search shows what is in the trash; the specification does not say whether a read does.
    """
    trashed = (
        None if context.backup.judgement.instance == "other" else context.destination.live.trashed(key.type, key.id)
    )
    proved = trashed is not None and same_origin(raw.get("created_at"), trashed.get("created_at")) is True
    if proved or not _by_natural_key(context, key, raw, match):
        _take_by_id(context, key, raw, match, trashed)


def _take_by_id(context: Context, key: ItemKey, raw: JsonObject, match: Match, live: JsonObject | None) -> bool:
    if live is None:
        return False
    if _proof(context, key, raw, live) is False:
        match.warnings.append(
            f"id {key.id} belongs to another {key.type} now ({title_of(key.type, live)!r}{_born(live)}): "
            "leaving that one unchanged"
        )
        match.stranger = key.id
        return False
    match.live, match.how, match.ids_hold = live, "id", True
    return True


def _born(live: JsonObject) -> str:
    return f", created {live['created_at']}" if live.get("created_at") else ""


def _proof(context: Context, key: ItemKey, raw: JsonObject, live: JsonObject) -> bool | None:
    """Whether the object with the backed-up id is the backed-up one; None where nothing speaks against it."""
    if key.type == "user":
        both = as_user(raw), as_user(live)
        return not is_another_person(*both) if context.backup.same_instance else same_person(*both)
    proof = same_origin(raw.get("created_at"), live.get("created_at"))
    if proof is None and not context.backup.same_instance:
        return _same_natural_key(CONTENT_TYPES[key.type], raw, live)
    return proof


def _same_natural_key(entry: ContentType, raw: JsonObject, live: JsonObject) -> bool:
    return bool(entry.natural_key) and all(
        raw.get(name) is not None and str(raw[name]) == str(live.get(name)) for name in identifying(entry, raw)
    )


def _by_natural_key(context: Context, key: ItemKey, raw: JsonObject, match: Match) -> bool:
    entry = CONTENT_TYPES[key.type]
    names = by_name(context)
    candidates = names.candidates(key, raw)
    wanted, rows = candidates.wanted, candidates.rows
    possible = [row for row in rows if not _another(context, key, row, match)]
    if len(possible) > 1:
        possible = _preferred(context, key, possible)
    choice = names.chosen(key, raw, candidates, possible)
    if choice.doubtful:
        raise _ambiguous(key, wanted, choice.rows)
    found = list(choice.rows)
    if not found:
        match.taken = rows[0] if rows else None
        found = _under_another_name(context, key, raw, match)
    if not found:
        return False
    object_id = str(found[0][entry.id_field])
    shown = key.type == "user" and whole(key.type, found[0])
    match.live = found[0] if shown else context.destination.live.get(key.type, object_id) or found[0]
    match.how = "natural key"
    match.ids_hold = context.backup.same_instance
    if object_id != key.id:
        match.warnings.append(f"matched to id {object_id} by {', '.join(wanted)}")
    return True


def _ambiguous(key: ItemKey, wanted: NaturalKey, rows: Sequence[JsonObject]) -> AmbiguousMatchError:
    entry = CONTENT_TYPES[key.type]
    ids = ", ".join(f"{row.get(entry.id_field)} ({title_of(key.type, row)!r})" for row in rows)
    named = ", ".join(f"{name} {value!r}" for name, value in wanted.items())
    if len(rows) > 1:
        problem, hint = f"could be any of several objects with {named}: ids {ids}", "rename or remove all but one"
    else:
        problem = f"may be the object with {named}, but the rest of its content differs: id {ids}"
        hint = f"rename or remove the live {key.type}, or give it the content of the backup"
    return AmbiguousMatchError(f"{key} {problem}", hint=hint, key=key)


def _preferred(context: Context, key: ItemKey, found: list[JsonObject]) -> list[JsonObject]:
    """Of several candidates, the one that has kept its id; else those that are not in the trash."""
    own = [row for row in found if context.backup.same_instance and str(row.get("id")) == key.id]
    return own or [row for row in found if not row.get("deleted")] or found


def _under_another_name(context: Context, key: ItemKey, raw: JsonObject, match: Match) -> list[JsonObject]:
    """An object that an earlier run created under a generated slug or a temporary title, and died before recording."""
    if "slug" in CONTENT_TYPES[key.type].natural_key and (match.taken or not raw.get("slug")):
        return context.destination.live.find(key.type, {"slug": generated_slug(key, raw)})
    if key.type == "look" and context.records.unsettled(key):
        aside = natural_key(context, key, {**raw, "title": temporary_title(str(raw.get("title")), key.id)})
        return context.destination.live.find(key.type, aside) if aside else []
    return []


def _another(context: Context, key: ItemKey, row: JsonObject, match: Match) -> bool:
    """Whether an object that has the natural key is another one nevertheless. An unrelated object that now has the old
    id is another one, unless the natural key is all that could be written: then both are equally good.
    """
    entry = CONTENT_TYPES[key.type]
    if match.stranger and str(row[entry.id_field]) == match.stranger:
        return other_than_its_name(key.type)
    return is_another_item(context.backup, context.records, key, row)


def title_of(type_name: str, obj: JsonObject) -> str:
    """The title or name of the object."""
    return str(obj.get(CONTENT_TYPES[type_name].title_field) or obj.get("id") or "")
