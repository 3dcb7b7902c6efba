"""The treatment of each field of Looker's objects in a restore, in words, from the table, the errata and the SDK."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from lrestore.ontology import CONTENT_TYPES, PARTS, fields
from lrestore.ontology.errata import NOT_SENT, TAKEN_ALL_THE_SAME
from lrestore.ontology.releases import INTRODUCED, WRITABLE_SINCE
from lrestore.ontology.schema import Part, Reference

READ_ONLY = "read-only in Looker's API"

_BODIES: Mapping[str, str] = {"Folder": "UpdateFolder"}
"""Schemas that are read under one name and written under another."""

_QUERIES = ("query", "merge_query")
"""Types with ids that a restore translates, which are neither content types nor parts of them."""


def field_rows(schema: str, ignored: Mapping[str, str] | None = None) -> Iterator[str]:
    """A row of a Markdown table for each field of ``schema``: name, what a restore does with it, since when it is so.

    Fields that are only shown come last, in one row: they are many and all alike.
    """
    names = sorted(fields.attributes(schema) | _written(schema))
    treatments = {name: _treatment_of(schema, name, ignored or {}) for name in names}
    yield "| field | what a restore does with it | since |"
    yield "| --- | --- | --- |"
    for name, words in treatments.items():
        if words != READ_ONLY:
            yield f"| `{name}` | {words} | {_since(schema, name)} |"
    shown = [name for name, words in treatments.items() if words == READ_ONLY]
    if shown:
        yield f"| {', '.join(f'`{name}`' for name in shown)} | {READ_ONLY} | |"


def nested_schemas(schema: str) -> list[str]:
    """The objects inside objects of ``schema`` that are sent with them and have no calls of their own."""
    found: list[str] = []
    for name in sorted(_written(schema)):
        below = fields.nested(schema, name)
        if below is not None and below not in found:
            found += [below, *nested_schemas(below)]
    return list(dict.fromkeys(found))


def _written(schema: str) -> frozenset[str]:
    """The fields that are sent; none for an object that cannot be written."""
    body = _BODIES.get(schema, schema)
    return fields.writable(body) if body in fields.sent_schemas() else frozenset()


def _treatment_of(schema: str, name: str, ignored: Mapping[str, str]) -> str:
    body = _BODIES.get(schema, schema)
    part = next((one for one in PARTS.values() if _holds(schema, name, one)), None)
    if part is not None:
        return f"restored with calls of its own, see {part.type}"
    why = ignored.get(name) or NOT_SENT.get(body, {}).get(name)
    if why is not None:
        return f"left alone: {why}"
    reference = _references().get((schema, name))
    if name not in _written(schema):
        return _not_written(reference)
    null = ", also to null" if fields.nullable(body, name) else ""
    if reference is not None:
        return _rewritten(reference, null)
    sent = "restored, though the specification marks it read-only" if _is_erratum(schema, name) else "restored"
    if fields.nested(schema, name):
        return f"{sent}, see {fields.nested(schema, name)}"
    return sent + null


def _is_erratum(schema: str, name: str) -> bool:
    """The mark that ``listen`` bears to this day; the others lost theirs long ago."""
    return name == "listen" and name in TAKEN_ALL_THE_SAME.get(schema, ())


def _holds(schema: str, name: str, part: Part) -> bool:
    """Whether the field holds objects that have calls of their own."""
    return part.path.split(".")[-1] == name and part.model == fields.nested(schema, name)


def _not_written(reference: Reference | None) -> str:
    if reference is not None and reference.kind == "edge":
        return f"restored with calls of its own: each names a {reference.target} (rewritten reference)"
    if reference is not None and reference.kind == "parent":
        return f"says which {reference.target} it belongs to: set when it is made (rewritten reference)"
    return READ_ONLY


def _rewritten(reference: Reference, null: str) -> str:
    target = reference.target
    if target == "sql_query":
        return "restored in the same instance; in another its definition is unknown: the tile is left out, and named"
    if reference.kind == "text":
        return f"restored{null}; references to other objects may hide in the text"
    if reference.kind == "name" or target not in {*CONTENT_TYPES, *PARTS, *_QUERIES}:
        return f"restored; names {_a(target)}, which is known by the same name everywhere"
    must = {"hard": ", which must be there", "parent": ", its container", "soft": ""}[reference.kind]
    return f"rewritten reference to {_a(target)}{must}"


def _a(target: str) -> str:
    return f"an {target}" if target[0] in "aeio" else f"a {target}"


def _since(schema: str, name: str) -> str:
    key = f"{schema}.{name}"
    written, there = WRITABLE_SINCE.get(key), INTRODUCED.get(key)
    if written is not None:
        return f"{written} (can be written)"
    return there or ""


@cache
def _references() -> dict[tuple[str, str], Reference]:
    """References by the schema and field in which they stand, however deep in an object."""
    found: dict[tuple[str, str], Reference] = {}
    for entry in CONTENT_TYPES.values():
        for reference in entry.references:
            schema: str | None = entry.model
            *way, last = reference.path.replace("[]", "").split(".")
            for step in way:
                schema = fields.nested(schema, step) if schema else None
            if schema:
                found.setdefault((schema, last), reference)
    return found
