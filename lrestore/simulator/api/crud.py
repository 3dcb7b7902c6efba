"""Get, list, search, create, update and delete, common to all types; special cases are hooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from lrestore.json_types import JsonObject
from lrestore.simulator.api import search
from lrestore.simulator.core import schema
from lrestore.simulator.core.refusal import FieldRefusal, RefusedError, invalid, not_simulated
from lrestore.simulator.core.simulation import NO_CONTENT, OperationCall
from lrestore.simulator.core.store import Record, World, key_of
from lrestore.simulator.core.views import SCHEMA_OF

Handler: TypeAlias = Callable[[OperationCall], Any]

HANDLERS: dict[str, Handler] = {}
"""Every simulated operation by its id."""


def handles(*operation_ids: str) -> Callable[[Handler], Handler]:
    """Register a function as the answer to those operations."""

    def register(handler: Handler) -> Handler:
        for operation_id in operation_ids:
            HANDLERS[operation_id] = handler
        return handler

    return register


@dataclass(slots=True)
class Draft:
    """A write before it is done: the body's values, the record before (None: new) and after."""

    call: OperationCall
    values: JsonObject
    old: Record | None
    new: Record
    problems: list[FieldRefusal] = field(default_factory=list)

    def problem(self, name: str, message: str, code: str = "invalid") -> None:
        """Add a problem of a field; one answer lists all problems."""
        self.problems.append(FieldRefusal(name, code, message))

    def require(self, *names: str) -> None:
        """Add a problem for each field that is null or empty."""
        for name in names:
            if self.new.get(name) in (None, ""):
                self.problem(name, f"{name} is required", "missing_field")

    def sets(self, *names: str) -> bool:
        """Whether the write sets or changes one of those fields."""
        if self.old is None:
            return True
        return any(name in self.values and self.values[name] != self.old.get(name) for name in names)

    def raise_problems(self) -> None:
        """Raises RefusedError 422 if there is any problem."""
        if self.problems:
            raise invalid(*self.problems)


def _no_check(draft: Draft) -> None:
    return None


def _no_hook(call: OperationCall, record: Record) -> None:
    return None


def _no_change(call: OperationCall, record: Record, values: Mapping[str, Any]) -> None:
    return None


def _never(world: World, record: Record) -> RefusedError | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRules:
    """The rules of one type.

    ``references``: field → type that must have that id (null is fine). ``unique``: fields of which no two records may
    share a value. ``defaults``: fields of a new record that differ from the schema's blank. ``protected``: the refusal
    of any write to a built-in record. ``check`` adds problems before a write; ``made``, ``changed`` (which gets the
    record before) and ``removed`` run after it. ``special``: search parameters that are not plain fields.
    """

    type: str
    references: Mapping[str, str] = field(default_factory=dict)
    unique: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    protected: Callable[[World, Record], RefusedError | None] = _never
    check: Callable[[Draft], None] = _no_check
    made: Callable[[OperationCall, Record], None] = _no_hook
    changed: Callable[[OperationCall, Record, Mapping[str, Any]], None] = _no_change
    removed: Callable[[OperationCall, Record], None] = _no_hook
    visible: Callable[[OperationCall, Record], bool] = lambda call, record: True
    special: Mapping[str, Callable[[Record, str], bool]] = field(default_factory=dict)

    @property
    def schema_name(self) -> str:
        """The schema with the most fields of the type."""
        return SCHEMA_OF[self.type]


def provide(kind: TypeRules, **operations: str) -> None:
    """Register the usual operations of a type: ``get``, ``all``, ``search``, ``create``, ``update``, ``delete``."""
    makers: Mapping[str, Callable[[OperationCall, TypeRules], Any]] = {
        "get": get_one,
        "all": list_all,
        "search": search_some,
        "create": create,
        "update": update,
        "delete": delete,
    }
    for verb, operation_id in operations.items():
        HANDLERS[operation_id] = _bound(makers[verb], kind)


def _bound(function: Callable[[OperationCall, TypeRules], Any], kind: TypeRules) -> Handler:
    return lambda call: function(call, kind)


def key_in_path(call: OperationCall) -> str:
    """The first parameter of the path."""
    return next(iter(call.path.values()))


def get_one(call: OperationCall, kind: TypeRules) -> Record:
    """Show one record."""
    return call.show(kind.type, call.need(kind.type, key_in_path(call)))


def list_all(call: OperationCall, kind: TypeRules) -> list[Record]:
    """Show all records that the caller can see, by ``ids``, ``limit`` and ``offset`` if the operation has them."""
    rows = [row for row in call.world.table(kind.type) if kind.visible(call, row) and call.sees(kind.type, row)]
    if ids := call.query.get("ids"):
        wanted = set(ids.split(","))
        rows = [row for row in rows if key_of(kind.type, row) in wanted]
    return show_page(call, kind.type, rows)


def search_some(call: OperationCall, kind: TypeRules) -> list[Record]:
    """Show the records that match. Raises RefusedError 501 for a search parameter that is not simulated."""
    known = schema.schema(kind.schema_name).fields
    for name in search.filters_of(call.query):
        if name not in kind.special and name not in known:
            raise not_simulated(f"the parameter {name} of {call.operation.id}")
    rows = search.find(call.world.table(kind.type), call.query, kind.special)
    return show_page(call, kind.type, [row for row in rows if kind.visible(call, row) and call.sees(kind.type, row)])


def show_page(call: OperationCall, kind: str, rows: list[Record]) -> list[Record]:
    """Sort, select the page, and show it."""
    if "sorts" in call.operation.query or "limit" in call.operation.query:
        rows = search.sort(rows, call.query.get("sorts", ""), schema.schema(SCHEMA_OF[kind]).fields)
    if "limit" in call.query:
        call.headers["X-Total-Count"] = str(len(rows))
    cap = call.simulation.config.page_cap if "limit" in call.operation.query else 0
    return [call.show(kind, row) for row in search.page(rows, call.query, cap)]


def create(call: OperationCall, kind: TypeRules) -> Record:
    """Create a record from the body; the server chooses id and dates. Raises RefusedError 422, 409."""
    values = call.checked_body(partial=False)
    record = {**schema.blank(kind.schema_name), **kind.defaults, **values}
    draft = Draft(call, values, None, record)
    _check(draft, kind)
    add(call, kind, record)
    return call.show(kind.type, record)


def add(call: OperationCall, kind: TypeRules, record: Record) -> Record:
    """Store a checked new record: id, dates, hooks."""
    world = call.world
    if "id" in schema.schema(kind.schema_name).fields:
        record["id"] = world.new_id(kind.type)
    for name in ("created_at", "updated_at"):
        if name in schema.schema(kind.schema_name).fields:
            record[name] = world.now()
    world.table(kind.type).put(record)
    kind.made(call, record)
    return record


def update(call: OperationCall, kind: TypeRules) -> Record:
    """Update the fields of the body. Raises RefusedError 404, 422, 403 or 405."""
    record = call.need(kind.type, key_in_path(call))
    _refuse_protected(call, kind, record)
    values = call.checked_body(partial=True)
    apply(call, kind, record, values)
    return call.show(kind.type, record)


def apply(call: OperationCall, kind: TypeRules, record: Record, values: JsonObject) -> None:
    """Check the values and update the record."""
    draft = Draft(call, values, record, {**record, **values})
    _check(draft, kind)
    if values and "updated_at" in record:
        values = {**values, "updated_at": call.world.now()}
    before = dict(record)
    call.world.table(kind.type).change(key_of(kind.type, record), values)
    kind.changed(call, record, before)


def delete(call: OperationCall, kind: TypeRules) -> object:
    """Delete a record permanently. Raises RefusedError 404, 403 or 405."""
    record = call.need(kind.type, key_in_path(call))
    _refuse_protected(call, kind, record)
    call.world.table(kind.type).remove(key_of(kind.type, record))
    kind.removed(call, record)
    return NO_CONTENT


def _refuse_protected(call: OperationCall, kind: TypeRules, record: Record) -> None:
    refusal = kind.protected(call.world, record)
    if refusal is not None:
        raise refusal


def _check(draft: Draft, kind: TypeRules) -> None:
    for name, target in kind.references.items():
        value = draft.values.get(name)
        if value is not None and draft.call.find(target, value) is None:
            draft.problem(name, f"{target} {value} does not exist")
    for name in kind.unique:
        if draft.sets(name) and _taken(draft, kind, name):
            draft.problem(name, f"{name} {draft.new[name]!r} is already taken", "already_exists")
    kind.check(draft)
    draft.raise_problems()


def _taken(draft: Draft, kind: TypeRules, name: str) -> bool:
    others = draft.call.world.table(kind.type).where(name, draft.new.get(name))
    return any(other is not draft.old for other in others)
