"""Carries out a plan: the calls in order, each create exactly once, the parts of one stage concurrently.

A part that Looker refuses does not stop the others, but the item fails, and then nothing is deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import msgspec

from lrestore.content.canonical import canonical, field_types
from lrestore.content.diff import differing
from lrestore.content.links import links_elsewhere, without_targets
from lrestore.errors import LookerError, NotFoundError
from lrestore.json_types import JsonObject
from lrestore.looker.caller import Caller
from lrestore.messages import FieldError, Intent, ItemKey
from lrestore.ontology import CONTENT_TYPES, OPERATIONS, PARTS, fields
from lrestore.restoration.apply.create_once import Creation, create_all
from lrestore.restoration.context import WritingContext
from lrestore.restoration.identify.proof import mapping_to
from lrestore.restoration.touches import note_answer
from lrestore.restoration.writes import Write, writes_with_live_ids
from lrestore.text.words import counted


@dataclass(slots=True)
class Applied:
    """The progress of an item. ``created``: the object itself was just created; ``live_id`` is its id, "" before it is
    known. ``made``: (type, source id) → live id of everything that exists now.
    """

    key: ItemKey
    created: bool = False
    live_id: str = ""
    made: dict[tuple[str, str], str] = field(default_factory=dict)
    failures: list[tuple[Write, LookerError]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    done: int = 0

    @property
    def owner(self) -> ItemKey:
        """The live object."""
        return ItemKey(self.key.type, self.live_id)

    def raise_failures(self) -> None:
        """Raise the first refusal with the field errors of all refusals."""
        if not self.failures:
            return
        write, error = self.failures[0]
        message = error.message
        if self.done or len(self.failures) > 1:
            refused = counted(len(self.failures), "write")
            message += f" [{refused} refused, {self.done} done; running it again continues]"
        errors = tuple(entry for one, refusal in self.failures for entry in _placed(one, refusal))
        raise error.with_context(message=message, key=self.key, path=write.path, errors=errors) from error.__cause__


def _placed(write: Write, error: LookerError) -> tuple[FieldError, ...]:
    prefix = f"{write.path}: " if write.path else ""
    found = error.errors or (FieldError("", str(error.status or ""), error.message),)
    return tuple(FieldError(entry.field, entry.code, f"{prefix}{entry.message}") for entry in found)


def send(
    session: Caller, operation: str, path: dict[str, str], body: object, only: Collection[str] | None = None
) -> Any:
    """One writing call; an error carries what was sent. ``only``: the fields of the answer that are of interest."""
    try:
        return session.call(operation, path=path, body=body, only=only)
    except LookerError as error:
        raise error.with_context(request_body=msgspec.json.encode(body).decode()) from error.__cause__


def update_all(context: WritingContext, applied: Applied, writes: list[Write]) -> list[JsonObject | LookerError]:
    """Patch existing objects concurrently. Returns Looker's answers, or the errors that refused them."""
    if not writes:
        return []
    sent = writes_with_live_ids(writes, applied.made)
    answers: list[JsonObject | LookerError] = context.side_by_side([partial(_patch, context, write) for write in sent])
    for write, answer in zip(sent, answers, strict=True):
        _note(applied, write, answer)
        if not isinstance(answer, LookerError):
            note_answer(context.journal, applied.owner, ItemKey(write.type, write.live_id), write.body, answer)
            _prove_anew(context, write, {**write.body, **answer})
    return answers


def _prove_anew(context: WritingContext, write: Write, live: JsonObject) -> None:
    """A part that is on record is recorded as it is now, or the next run would not know it again."""
    recorded = context.records.recorded(write.type, write.source_id) if write.type in PARTS and live.get("id") else None
    if recorded is None or recorded.destination_id != write.live_id:
        return
    mapping = mapping_to(write.type, write.source_id, write.live_id, live)
    if mapping.proof != recorded.proof:
        context.journal.map(mapping)


def _patch(context: WritingContext, write: Write) -> JsonObject | LookerError:
    path = {OPERATIONS[write.operation].id_parameter: write.live_id}
    try:
        found: JsonObject = send(context.destination.session, write.operation, path, write.body)
    except LookerError as error:
        return error
    return found or {}


def create_parts(
    context: WritingContext, applied: Applied, writes: list[Write], parent_id: str, known: set[str]
) -> None:
    """Create parts of one kind concurrently. ``known``: live ids of that kind that existed before."""
    if not writes:
        return
    sent = writes_with_live_ids(writes, applied.made)
    creations = [_creation(context, applied.key, write, parent_id, known) for write in sent]
    for write, answer in zip(sent, create_all(context, creations), strict=True):
        _note(applied, write, answer)
        if not isinstance(answer, LookerError):
            part_id = str(answer["id"])
            note_answer(context.journal, applied.owner, ItemKey(write.type, part_id), write.body, answer)
            applied.made[write.type, write.source_id] = part_id
            known.add(part_id)
            correct_links(context, applied, write, part_id, answer)


def correct_links(context: WritingContext, applied: Applied, write: Write, live_id: str, answer: JsonObject) -> None:
    """Update the links of an object that an earlier try has made: their targets may have been found since. ``write``
    names no object that is still to be made.
    """
    entry = CONTENT_TYPES[write.type] if write.type in CONTENT_TYPES else PARTS[write.type]
    outdated = links_elsewhere(write.body, answer)
    if outdated and entry.update is not None:
        again = replace(write, operation=entry.update, live_id=live_id, body=outdated, changes=())
        update_all(context, applied, [again])


def _creation(context: WritingContext, key: ItemKey, write: Write, parent_id: str, known: set[str]) -> Creation:
    def post() -> JsonObject:
        made: JsonObject = send(context.destination.session, write.operation, {}, write.body)
        known.add(str(made["id"]))
        return made

    def look() -> JsonObject | None:
        return _left_behind(context, write, parent_id, known)

    intent = Intent(key, f"{write.type}/{write.source_id}", write.name, parent_id)
    return Creation(intent, post, look, write.body)


CHILDREN = {
    "dashboard_element": ("dashboard_dashboard_elements", "dashboard_id"),
    "dashboard_filter": ("dashboard_dashboard_filters", "dashboard_id"),
    "dashboard_layout": ("dashboard_dashboard_layouts", "dashboard_id"),
    "board_section": ("board", "board_id"),
    "board_item": ("board_section", "board_section_id"),
}
"""The operation that lists the parts of a kind, and its parameter for the parent."""

HELD_AS = {"board_section": "board_sections", "board_item": "board_items"}
"""Parts that are listed in a field of their parent: that field."""

_TELLING = (
    "type",
    "title",
    "title_text",
    "body_text",
    "name",
    "label",
    "query_id",
    "look_id",
    "merge_result_id",
    "extension_id",
)
"""Fields that identify a part created by an unanswered POST; all sent ones must agree."""

_TELLING_OF = {
    "board_section": ("title", "description"),
    "board_item": ("dashboard_id", "look_id", "lookml_dashboard_id", "custom_url", "custom_title"),
}
"""The same for kinds that are identified by other fields."""


def _left_behind(context: WritingContext, write: Write, parent_id: str, known: set[str]) -> JsonObject | None:
    operation, parameter = CHILDREN[write.type]
    try:
        children = context.destination.session.call(operation, path={parameter: parent_id})
    except NotFoundError:
        return None
    if write.type in HELD_AS:
        children = children.get(HELD_AS[write.type])
    kinds = field_types(fields.sdk_model(PARTS[write.type].model))
    names = [name for name in _TELLING_OF.get(write.type, _TELLING) if name in write.body]

    def compared(part: JsonObject, view: Callable[[object], object]) -> list[object]:
        return [canonical(view(part.get(name)), kinds[name]) for name in names]

    # An earlier try may have sent other links: it knew fewer of their targets. Equal ones come first.
    for view in (_as_it_is, without_targets):
        wanted = compared(write.body, view)
        for child in children or ():
            if str(child["id"]) not in known and compared(child, view) == wanted:
                known.add(str(child["id"]))
                return dict(child)
    return None


def _as_it_is(value: object) -> object:
    return value


def make_queries(context: WritingContext, applied: Applied, writes: list[Write]) -> None:
    """Create queries, then the merged queries that refer to them. Both POSTs may be repeated: an identical definition
    returns the existing query (specification, create_query, create_merge_query).
    """
    for kind in ("query", "merge_query"):
        sent = writes_with_live_ids([write for write in writes if write.type == kind], applied.made)
        answers = context.side_by_side([partial(_post_query, context, write) for write in sent]) if sent else []
        for write, answer in zip(sent, answers, strict=True):
            _note(applied, write, answer)
            if not isinstance(answer, LookerError):
                applied.made[kind, write.source_id] = str(answer["id"])
                context.journal.map(mapping_to(kind, write.source_id, str(answer["id"]), {**write.body, **answer}))


def _post_query(context: WritingContext, write: Write) -> JsonObject | LookerError:
    try:
        made: JsonObject = send(context.destination.session, write.operation, {}, write.body)
    except LookerError as error:
        return error
    return made


def _note(applied: Applied, write: Write, answer: JsonObject | LookerError) -> None:
    if isinstance(answer, LookerError):
        applied.failures.append((write, answer))
        return
    applied.done += 1
    applied.warnings += not_taken(write, answer)


def not_taken(write: Write, answer: JsonObject) -> list[str]:
    """Fields that Looker accepted without error and did not store, according to its answer."""
    if not answer:
        return []
    heard = {name: value for name, value in write.body.items() if name in answer and name != "result_maker"}
    if write.type in PARTS:
        lost = differing(heard, answer, fields.sdk_model(PARTS[write.type].model))
        return [f"Looker did not take {write.path}.{name}" for name in lost]
    if write.type not in CONTENT_TYPES:
        return []
    # A value that Looker does not show, or shows in another form, proves nothing.
    plain = {name: value for name, value in heard.items() if answer[name] is not None and not _nested(value)}
    lost = differing(plain, answer, fields.sdk_model(CONTENT_TYPES[write.type].model))
    return [f"Looker did not take its {name}: it is {answer[name]!r}, not {plain[name]!r}" for name in lost]


def _nested(value: object) -> bool:
    return isinstance(value, dict | list)
