"""Looks, queries and merge queries."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from lrestore.simulator.api.access import add_metadata, move_metadata, remove_metadata
from lrestore.simulator.api.crud import Draft, TypeRules, add, apply, handles, key_in_path, provide
from lrestore.simulator.api.folders import check_target_folder
from lrestore.simulator.core import schema
from lrestore.simulator.core.makers import follow_look
from lrestore.simulator.core.refusal import FieldRefusal, invalid, not_found
from lrestore.simulator.core.simulation import OperationCall
from lrestore.simulator.core.store import Record, World

LOOK_CAN = dict.fromkeys(
    ("index", "show", "copy", "run", "create", "move", "update", "destroy", "download", "schedule"), True
)
QUERY_CAN = dict.fromkeys(
    ("show", "run", "see_results", "explore", "create", "show_sql", "generate_drill_links", "download", "render"), True
)

DEFINITION = tuple(
    name for name, spec in schema.schema("Query").fields.items() if not spec.read_only and name != "client_id"
)
"""The fields that identify a query: all writable ones except the URL's token."""

MERGE_DEFINITION = tuple(name for name, spec in schema.schema("MergeQuery").fields.items() if not spec.read_only)


def in_trash_filter(record: Record, wanted: str) -> bool:
    """The ``deleted`` parameter of searches."""
    return bool(record["deleted"]) == (wanted.lower() == "true")


def out_of_trash(call: OperationCall, record: Record) -> bool:
    """Lists and searches omit the trash, unless a search asks for it."""
    return "deleted" in call.query or not record["deleted"]


def set_trash_fields(call: OperationCall, kind: str, record: Record, before: Mapping[str, Any]) -> None:
    """Keep ``deleted_at`` and ``deleter_id`` consistent with ``deleted``."""
    if record["deleted"] == before["deleted"]:
        return
    who = call.user_id or None
    moment = call.world.now()
    values = (
        {"deleted_at": moment, "deleter_id": who} if record["deleted"] else {"deleted_at": None, "deleter_id": None}
    )
    call.world.table(kind).change(record["id"], values)


def check_place(draft: Draft, kind: str) -> None:
    """Add a problem for a missing folder, or for a title that the folder has already outside of the trash."""
    if draft.new["deleted"]:
        return
    if draft.call.find("folder", draft.new["folder_id"]) is None and draft.old is not None:
        draft.problem("folder_id", f"folder {draft.new['folder_id']} does not exist")
    check_target_folder(draft, "folder_id")
    if draft.sets("title", "folder_id", "deleted") and _title_taken(draft, kind):
        draft.problem("[:title, :space_id]", "title is taken by another in the same folder", "already_exists")


def _title_taken(draft: Draft, kind: str) -> bool:
    twins = draft.call.world.table(kind).where("title", draft.new["title"])
    folder_id = draft.new["folder_id"]
    return any(t is not draft.old and t["folder_id"] == folder_id and not t["deleted"] for t in twins)


def _check_look(draft: Draft) -> None:
    draft.require("title", "query_id", "folder_id")
    check_place(draft, "look")


def _look_made(call: OperationCall, look: Record) -> None:
    values = {"user_id": look["user_id"] or call.user_id or None, "last_updater_id": call.user_id or None}
    call.world.table("look").change(look["id"], {**values, "short_url": f"/looks/{look['id']}"})
    if "url" in look:
        look["url"] = f"/looks/{look['id']}"
    add_metadata(call.world, "look", look)


def _look_changed(call: OperationCall, look: Record, before: Mapping[str, Any]) -> None:
    look["last_updater_id"] = call.user_id or None
    if look["user_id"] != before["user_id"]:
        look["user_name"] = None
    if look["query_id"] != before["query_id"]:
        follow_look(call.world, look, before["query_id"])
    set_trash_fields(call, "look", look, before)
    move_metadata(call.world, look)


def _look_removed(call: OperationCall, look: Record) -> None:
    remove_metadata(call.world, look)
    for tile in call.world.table("dashboard_element").where("look_id", look["id"]):
        call.simulation.journal.incident("look_of_tile_deleted", look_id=look["id"], dashboard_element_id=tile["id"])
    for plan in call.world.table("scheduled_plan").where("look_id", look["id"]):
        call.world.table("scheduled_plan").remove(plan["id"])
        call.simulation.journal.incident("plan_deleted", id=plan["id"], look_id=look["id"])


LOOK = TypeRules(
    type="look",
    references={"query_id": "query", "folder_id": "folder", "user_id": "user"},
    defaults={"can": LOOK_CAN, "view_count": 0, "favorite_count": 0},
    check=_check_look,
    made=_look_made,
    changed=_look_changed,
    removed=_look_removed,
    visible=out_of_trash,
    special={"deleted": in_trash_filter},
)
provide(
    LOOK,
    get="look",
    all="all_looks",
    search="search_looks",
    create="create_look",
    update="update_look",
    delete="delete_look",
)


@handles("move_look")
def _move_look(call: OperationCall) -> object:
    look = call.need("look", key_in_path(call))
    move_content(call, LOOK, look)
    return call.show("look", look)


def move_content(call: OperationCall, kind: TypeRules, record: Record) -> None:
    """Move to the folder of the query parameter, which must be another. Raises RefusedError 422."""
    target = call.query["folder_id"]
    if target == record["folder_id"]:
        raise invalid(FieldRefusal("folder_id", "invalid", "the content is in that folder already"))
    apply(call, kind, record, {"folder_id": target})


def definition_key(record: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """A key that is equal for records of the same definition."""
    text = json.dumps([record.get(name) for name in names], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class _Known:
    """Stored definitions, per world: for an identical query Looker answers with the stored one."""

    def __init__(self, world: World, kind: str, names: tuple[str, ...]) -> None:
        self._names = names
        self._keys: dict[str, str] = {}
        for row in world.table(kind):
            self._keys.setdefault(definition_key(row, names), row["id"])

    def get(self, record: Mapping[str, Any]) -> str | None:
        return self._keys.get(definition_key(record, self._names))

    def put(self, record: Record) -> None:
        self._keys[definition_key(record, self._names)] = record["id"]


def _known(world: World, kind: str, names: tuple[str, ...]) -> _Known:
    known = world.memo.get(kind)
    if not isinstance(known, _Known):
        known = world.memo[kind] = _Known(world, kind, names)
    return known


def _slug(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:22]


def _check_query(draft: Draft) -> None:
    """Raises RefusedError 404 for a missing model or explore, as Looker does."""
    draft.require("model", "view")
    draft.raise_problems()
    if find_explore(draft.call.world, draft.new["model"], draft.new["view"]) is None:
        raise not_found(f"Model or explore not found: {draft.new['model']}::{draft.new['view']}")


def find_explore(world: World, model: str, explore: str) -> Record | None:
    """The explore of a model as navigation shows it."""
    found = world.get("lookml_model", model)
    explores = (found["explores"] or []) if found else []
    return next((e for e in explores if e["name"] == explore), None)


def _query_made(call: OperationCall, query: Record) -> None:
    describe_query(call.world, query)


def describe_query(world: World, query: Record) -> None:
    """Give a new query its slug, its URLs, and the other values that Looker derives from the definition."""
    slug = _slug(f"query {query['id']}")
    base = world.base_url
    query["can"] = QUERY_CAN
    query["client_id"] = query["client_id"] or slug
    world.table("query").change(query["id"], {"slug": slug[:7]})
    query["share_url"] = f"{base}/x/{query['slug']}"
    path = f"/explore/{query['model']}/{query['view']}"
    query["expanded_share_url"] = f"{base}{path}?fields={','.join(query['fields'] or ())}&origin=share-expanded"
    query["url"] = f"{path}?qid={query['slug']}"
    query["has_table_calculations"] = "table_calculation" in (query["dynamic_fields"] or "")


QUERY = TypeRules(type="query", defaults={"can": QUERY_CAN}, check=_check_query, made=_query_made)
provide(QUERY, get="query")


@handles("create_query")
def _create_query(call: OperationCall) -> object:
    values = call.checked_body(partial=False)
    record = {**schema.blank("Query"), **QUERY.defaults, **values}
    QUERY.check(Draft(call, values, None, record))
    return _old_or_new(call, QUERY, record, DEFINITION)


def _old_or_new(call: OperationCall, kind: TypeRules, record: Record, names: tuple[str, ...]) -> object:
    known = _known(call.world, kind.type, names)
    old = call.world.get(kind.type, known.get(record))
    if old is None:
        old = add(call, kind, record)
        known.put(old)
    return call.show(kind.type, old)


@handles("query_for_slug")
def _query_for_slug(call: OperationCall) -> object:
    slug = key_in_path(call)
    found = next((q for q in call.world.table("query").where("slug", slug) if q["slug"] == slug), None)
    if found is None:
        raise not_found()
    return call.show("query", found)


def _check_merge(draft: Draft) -> None:
    for index, source in enumerate(draft.new["source_queries"] or ()):
        known = source.get("query_id")
        if known is None or draft.call.world.get("query", known) is None:
            draft.problem(f"source_queries[{index}].query_id", f"query {known} does not exist")
    if not draft.new["source_queries"]:
        draft.problem("source_queries", "source_queries is required", "missing_field")
    draft.raise_problems()


def _merge_made(call: OperationCall, merge: Record) -> None:
    merge["result_maker_id"] = call.world.new_id("result_maker")


def full_sources(world: World, sources: list[Record]) -> list[Record]:
    """Source queries with all their fields, including slugs."""
    slugs = {source["query_id"]: (world.get("query", source["query_id"]) or {}).get("slug") for source in sources}
    return [{"merge_fields": [], "name": None, **source, "query_slug": slugs[source["query_id"]]} for source in sources]


MERGE = TypeRules(type="merge_query", defaults={"can": {"show": True}}, check=_check_merge, made=_merge_made)
provide(MERGE, get="merge_query")


@handles("create_merge_query")
def _create_merge_query(call: OperationCall) -> object:
    values = call.checked_body(partial=False)
    record = {**schema.blank("MergeQuery"), **MERGE.defaults, **values}
    MERGE.check(Draft(call, values, None, record))
    record["source_queries"] = full_sources(call.world, record["source_queries"])
    return _old_or_new(call, MERGE, record, MERGE_DEFINITION)
