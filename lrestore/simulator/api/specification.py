"""The instance's own specification, in Swagger form, as an instance of its release serves it."""

from __future__ import annotations

from collections.abc import Iterable

from lrestore.json_types import JsonObject
from lrestore.simulator.api.crud import handles
from lrestore.simulator.core import schema
from lrestore.simulator.core.refusal import not_found
from lrestore.simulator.core.schema import FieldSpec, OperationSpec
from lrestore.simulator.core.simulation import OperationCall

_TYPES = {"datetime": {"type": "string", "format": "date-time"}, "map": {"type": "object"}, "any": {"type": "any"}}


def swagger(release: str = "26.12.3") -> JsonObject:
    """The document without its texts: release, operations, and schemas with types and read-only flags."""
    return {
        "swagger": "2.0",
        "info": {"version": "4.0", "x-looker-release-version": release, "title": "Looker API 4.0 Reference"},
        "basePath": "/api/4.0",
        "paths": _paths(schema.operations().values()),
        "definitions": {name: _definition(name, release) for name in schema.names()},
    }


def _paths(operations: Iterable[OperationSpec]) -> JsonObject:
    paths: JsonObject = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = {"operationId": operation.id}
    return paths


def _definition(name: str, release: str) -> JsonObject:
    shown = schema.of_release(name, release)
    properties = {field: _property(spec) for field, spec in shown.fields.items()}
    required = {"required": sorted(shown.required)} if shown.required else {}
    return {"properties": properties, "x-looker-status": "stable", **required}


def _property(spec: FieldSpec) -> JsonObject:
    kind = {"$ref": f"#/definitions/{spec.kind}"} if spec.is_schema else _TYPES.get(spec.kind, {"type": spec.kind})
    shown: JsonObject = {"type": "array", "items": kind} if spec.is_list else dict(kind)
    if spec.read_only:
        shown["readOnly"] = True
    if spec.nullable:
        shown["x-looker-nullable"] = True
    return shown


@handles("api_spec")
def _api_spec(call: OperationCall) -> object:
    if (call.path["api_version"], call.path["specification"]) != ("4.0", "swagger.json"):
        raise not_found()
    return swagger(call.simulation.release)
