"""The shape of the ontology table: what one needs to know of a Looker type in order to restore it.

Pure data, and the question which objects are Looker's own: those are matched where others refer to them, never
created, changed or deleted. Names of SDK classes are strings because importing the SDK takes half a second;
:mod:`lrestore.ontology.fields` resolves them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

ReferenceKind = Literal["hard", "soft", "parent", "name", "edge", "text"]


class Presence(Enum):
    """Stands for a value in a :class:`Protection` where many values are meant: any but null and "", or any id that
    names a LookML model and an object of it.
    """

    SET = "is set"
    OF_MODEL = "contains `::`"


SET = Presence.SET
OF_MODEL = Presence.OF_MODEL


@dataclass(frozen=True, slots=True)
class Protection:
    """Which objects are never written: those of which all ``conditions``, pairs of path and value, hold.

    ``why`` tells users what such an object is and why a restore leaves it alone.
    """

    why: str
    conditions: tuple[tuple[str, object], ...]


Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Activity = Literal["non_query", "db_query", "none"]
AnswerContent = Literal["object", "rows", "text", "document"]


@dataclass(frozen=True, slots=True)
class AnswerShape:
    """Which answers of an operation are usable, by the specification's response schema. Any other proves nothing.

    ``content``: *object*, one JSON object; *rows*, an array of them; *text*, a string; *document*, any JSON.
    ``shows`` is the field that tells which object it is ("": none, but the object is not empty), ``same`` the parameter
    of the path that it must equal. ``lists`` are the places of parts: where one is shown, it is an array of objects
    with ids. ``silent``: 202 and 204 without content are usable, too. ``never_empty``: every instance has such objects.
    """

    content: AnswerContent = "document"
    shows: str = ""
    same: str = ""
    lists: tuple[str, ...] = ()
    silent: bool = False
    never_empty: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of API 4.0. ``activity`` is the specification's ``x-looker-activity-type``, by which calls are licensed.

    ``repeatable``: repeating it does no harm, whatever became of the first try. True for all but creating POSTs.
    ``takes_fields``: accepts the ``fields`` query parameter.
    """

    id: str
    method: Method
    path: str
    activity: Activity
    repeatable: bool
    takes_fields: bool
    answer: AnswerShape = AnswerShape()

    @property
    def id_parameter(self) -> str:
        """The last parameter of the path, which names the object that is written."""
        return self.path[self.path.rindex("{") + 1 : self.path.rindex("}")]


@dataclass(frozen=True, slots=True)
class Reference:
    """A place in an object that names another object.

    ``path`` uses ``[]`` for "each entry of the list": ``dashboard_elements[].look_id``. Kinds: *hard*, must exist
    before the write that carries it; *soft*, may be set later or left out; *parent*, the container, fixed at creation;
    *name*, by name and not by id; *edge*, only through an association call; *text*, hidden in free text.
    """

    path: str
    target: str
    kind: ReferenceKind


@dataclass(frozen=True, slots=True)
class Part:
    """A sub-resource that has endpoints of its own and is reconciled with its parent (a tile, a filter, a layout ...).

    ``path`` is where the parent's content holds it. ``match`` are the fields that identify it by content, in order.
    ``create``/``update``/``delete`` are operation ids, None where Looker has none.
    """

    type: str
    path: str
    model: str
    create: str | None
    update: str | None
    delete: str | None
    parent_field: str
    match: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContentType:
    """One type of content: its row in the table."""

    name: str
    """lrestore's and the report's word for it, such as ``dashboard``."""
    vault_number: int
    """``content_items.content_type`` in the backup."""
    model: str
    """SDK class into which blobs are decoded."""
    update_schema: str
    """Schema of the body of an update, to ask :func:`fields.writable` for; "" where Looker has no update."""
    tier: int
    """Priority among ready tasks: users first, scheduled plans last."""
    get: str
    """Operation that reads one; its path parameter takes ``id_field``."""
    create: str | None
    update: str | None
    delete: str | None
    list_all: str | None = None
    """Operation that lists all, without paging."""
    search: str | None = None
    """Operation that searches, with limit and offset."""
    id_field: str = "id"
    title_field: str = "name"
    required: tuple[str, ...] = ()
    """Fields without which a blob is not an object of this type."""
    create_needs: tuple[str, ...] = ()
    """Fields without which Looker refuses to create one; some are said by the operation's text only, not the schema."""
    embedded_ids: tuple[str, ...] = ()
    """Write-only ids: Looker shows the object (``permission_set``) and takes its id (``permission_set_id``)."""
    natural_key: tuple[str, ...] = ()
    """Fields that together identify an object across instances; references among them are translated first."""
    one_of: tuple[str, ...] = ()
    """Those fields of the natural key of which an object has just one; the others are null on both sides."""
    namesakes: bool = False
    """Several objects may have the same natural key: an object that is known to be another item is no candidate."""
    created_at: bool = False
    """The type carries Looker's immutable ``created_at``: the proof that an id still means the same object."""
    asks: bool = False
    """An object shows a query of its own: ``query_id`` names it, ``query`` holds its definition where it is shown."""
    trash: bool = False
    """Deleting moves to the trash, from which ``deleted: false`` takes it back."""
    built_in: tuple[Protection, ...] = ()
    """An object for which any rule holds is Looker's own and is never written: see :func:`is_built_in`."""
    references: tuple[Reference, ...] = ()
    parts: tuple[Part, ...] = ()
    never_backed_up: tuple[str, ...] = ()
    """Content of such objects that no backup holds: a plan says so, once for the type."""
    ignored: Mapping[str, str] = field(default_factory=dict)
    """Writable fields that a restore does not send → why."""
    limits: tuple[str, ...] = ()
    """Changes to such objects that Looker's API does not allow."""


def is_built_in(entry: ContentType, obj: Mapping[str, object]) -> bool:
    """Whether ``obj``, a backed-up or live object of the type, is Looker's own by the type's rules."""
    return _rule(entry, obj) is not None


def why_built_in(entry: ContentType, obj: Mapping[str, object]) -> str:
    """Why an object that :func:`is_built_in` is left alone, in words, with the fields that show what it is."""
    rule = _rule(entry, obj)
    if rule is None:
        raise ValueError(f"{entry.name} {obj.get(entry.id_field)} is not built in")
    return f"{rule.why} ({', '.join(path for path, _ in rule.conditions)})"


def _rule(entry: ContentType, obj: Mapping[str, object]) -> Protection | None:
    return next(
        (rule for rule in entry.built_in if all(_holds(obj, path, value) for path, value in rule.conditions)), None
    )


def _holds(obj: Mapping[str, object], path: str, value: object) -> bool:
    node: object = obj
    for step in path.split("."):
        node = node.get(step) if isinstance(node, Mapping) else None
    if value is OF_MODEL:
        return isinstance(node, str) and "::" in node
    return node not in (None, "") if value is SET else node == value
