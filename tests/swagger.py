"""A Looker's own specification, in Swagger form, as an instance of some release would serve it."""

from __future__ import annotations

from typing import Any

from lrestore.ontology import CONTENT_TYPES, fields
from lrestore.simulator import schema


def swagger(release: str = "26.12.3") -> dict[str, Any]:
    """The whole document, but for texts and types: what release it is, calls, objects, read-only marks."""
    operations = schema.operations()
    named = sorted(fields.sent_schemas() | {entry.model for entry in CONTENT_TYPES.values()})
    return {
        "swagger": "2.0",
        "info": {"version": "4.0", "x-looker-release-version": release, "title": "Looker API 4.0 Reference"},
        "basePath": "/api/4.0",
        "paths": _paths(operations.values()),
        "definitions": {name: _definition(name, release) for name in named},
    }


def _paths(operations: Any) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for row in operations:
        paths.setdefault(row.path, {})[row.method.lower()] = {"operationId": row.id}
    return paths


def _definition(name: str, release: str) -> dict[str, Any]:
    shown = schema.of_release(name, release)
    properties = {
        field: {"type": "string", **({"readOnly": True} if spec.read_only else {})}
        for field, spec in shown.fields.items()
    }
    return {"properties": properties, "x-looker-status": "stable"}
