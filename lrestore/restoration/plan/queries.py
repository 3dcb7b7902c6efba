"""Queries in another instance: recorded by an earlier run, equal to the live object's query, or to be created.

Queries and merged queries have structural identity (specification, create_query, create_merge_query): creating an
existing one returns it. Created queries are recorded nevertheless, which saves calls.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from lrestore.content.links import links
from lrestore.content.palettes import colours_in
from lrestore.content.shapes.boundary import as_query
from lrestore.errors import DependencyError, NotFoundError
from lrestore.json_types import JsonObject
from lrestore.restoration.context import Context
from lrestore.restoration.identify.queries import definition, explore_name, fingerprint, merge_definition
from lrestore.restoration.identify.recorded_queries import mapped_query
from lrestore.restoration.writes import FutureId, Write

if TYPE_CHECKING:
    from lrestore.content.shapes.query import Query

LiveQuery = Callable[[], "Query | None"]

Rewrite = Callable[[Any, str], Any]
"""Gives the links in a value of the definition, at a path of the item, the ids of the destination."""


def as_it_is(value: Any, path: str) -> Any:
    """The rewriting of what has been rewritten before."""
    return value


DEPLOY = "deploy the LookML first"

_TEXTS = ("vis_config", "dynamic_fields")


def check_explore(context: Context, asked: Query, path: str) -> None:
    """Raises DependencyError where the model or explore of a query is not in the destination."""
    model, explore = str(asked.get("model") or ""), str(asked.get("view") or "")
    if model and not context.destination.live.explore_exists(model, explore):
        named = explore_name(model, explore)
        raise DependencyError(f"{named} is not in the destination", path=path, hint=DEPLOY)


def check_query(context: Context, query_id: str, asked: Query | None, path: str) -> None:
    """Check that the backed-up id of a query can be used in the same instance. Looker never deletes a query, so the
    query is read only if its explore is gone.

    Raises DependencyError if there is neither query nor explore.
    """
    try:
        check_explore(context, asked or {}, path)
    except DependencyError as error:
        try:
            context.destination.session.call("query", path={"query_id": query_id})
        except NotFoundError:
            raise error.with_context(message=f"{error.message}, and neither is query={query_id}") from None


class QueryMaker:
    """Plans the queries of one item. ``writes`` receives each create once, before the writes that need it."""

    def __init__(self, context: Context, writes: list[Write], rewrite: Rewrite) -> None:
        self._context = context
        self._writes = writes
        self._rewrite = rewrite
        self.left_out: set[str] = set()
        """Fields of the definitions that the destination does not accept."""

    def query(self, query_id: str, asked: Query, path: str, live: LiveQuery = lambda: None) -> str | FutureId:
        """The live id of a query of the backup. ``asked`` is its definition; ``live`` returns the query shown now.

        Raises DependencyError if it has to be created and cannot be: its explore is not there (POST /queries answers
        404 then), or it names none.
        """
        body = self._rewritten(self._taken(definition(asked), "Query", "query"), path)
        name = _name(query_id, body)
        shown = live()
        if shown and shown.get("id") is not None and fingerprint(shown) == fingerprint(as_query(body)):
            return str(shown["id"])
        mapped = mapped_query(self._context, "query", name, shown)
        if mapped is not None:
            return mapped
        lacking = [one for one in ("model", "view") if not as_query(body).get(one)]
        if lacking:
            message = f"query={query_id} names no {' and no '.join(lacking)}, and Looker cannot create such a query"
            raise DependencyError(message, path=f"{path}.{lacking[0]}")
        check_explore(self._context, as_query(body), f"{path}.view")
        return self._make("create_query", "query", name, path, body)

    def merge(self, merge_id: str, path: str) -> str | FutureId | None:
        """The live id of a merged query of the backup; None if neither it nor its definition is known.

        Raises DependencyError for an explore that is not there.
        """
        recorded = mapped_query(self._context, "merge_query", merge_id)
        if recorded is not None:
            return recorded
        asked = self._context.backup.definitions.merge_query(merge_id)
        if asked is None or not asked.get("source_queries"):
            return None
        body = self._taken(merge_definition(asked), "MergeQuery", "merge_query")
        before = len(self._writes)
        try:
            known = self._sources(body, path)
        except DependencyError:
            del self._writes[before:]
            raise
        if not known:
            del self._writes[before:]
            return None
        body = self._rewritten(body, path)
        name = _name(merge_id, body)
        mapped = mapped_query(self._context, "merge_query", name)
        return mapped or self._make("create_merge_query", "merge_query", name, path, body)

    def _sources(self, body: JsonObject, path: str) -> bool:
        """Give the source queries of a merged query live ids; whether all of them are known."""
        for index, source in enumerate(body.get("source_queries") or ()):
            query_id = str(source["query_id"])
            inner = self._context.backup.definitions.query(query_id)
            if inner is None:
                return False
            source["query_id"] = self.query(query_id, inner, f"{path}.source_queries[{index}]")
        return True

    def _taken(self, body: Mapping[str, object], schema: str, label: str) -> JsonObject:
        """A definition without what the destination's release does not know."""
        refused = {name for name in body if not self._context.destination.releases.can_write(schema, name)}
        self.left_out |= {f"{label}.{name}" for name in refused}
        return {name: value for name, value in body.items() if name not in refused}

    def _rewritten(self, body: JsonObject, path: str) -> JsonObject:
        return {
            name: self._rewrite(value, f"{path}.{name}") if name in _TEXTS else value for name, value in body.items()
        }

    def _make(self, operation: str, kind: str, name: str, path: str, body: JsonObject) -> FutureId:
        if not any(write.type == kind and write.source_id == name for write in self._writes):
            shown = f"{body.get('model')}::{body.get('view')}" if kind == "query" else f"merged query {name}"
            self._writes.append(
                Write(operation=operation, type=kind, source_id=name, live_id="", path=path, name=shown, body=body)
            )
        return FutureId(kind, name)


def _name(object_id: str, body: JsonObject) -> str:
    """Under which id a query is recorded. One with links is another as soon as they lead elsewhere; so is one that
    names colours.
    """
    texts = msgspec.json.encode({name: body.get(name) for name in _TEXTS}, order="deterministic")
    if not any(links(texts.decode())) and not any(colours_in(body.get("vis_config"))):
        return object_id
    return f"{object_id}#{hashlib.sha256(texts).hexdigest()[:8]}"
