"""Compile ``schemas.json``, the simulator's knowledge of Looker's specification, from the specification itself.

``python -m lrestore.simulator.core.compile_schemas Looker.4.0.json Looker.4.0.oas.json``

Takes the Swagger 2 and, for its additional read-only flags, the OpenAPI 3 document of one release (both are published
in Looker's sdk-codegen repository), and writes beside this module. A field is written as its type followed by flags:
``string``, ``[string]``, ``@Schema``, ``[@Schema]``; ``?`` nullable, ``-`` read-only.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lrestore.json_types import JsonObject

TARGET = Path(__file__).with_name("schemas.json")

SENT_THOUGH_FLAGGED: Mapping[str, frozenset[str]] = {
    "ContentMetaGroupUser": frozenset({"content_metadata_id", "permission_type", "group_id", "user_id"}),
    "GroupIdForGroupInclusion": frozenset({"group_id"}),
    "GroupIdForGroupUserInclusion": frozenset({"user_id"}),
    "UserAttributeGroupValue": frozenset({"group_id", "user_attribute_id", "rank", "value"}),
    "ResultMakerFilterables": frozenset({"listen"}),
    "SqlQuery": frozenset({"sql"}),
}
"""Fields flagged read-only that Looker accepts, because their bodies exist for them."""

_PLAIN = {"integer": "integer", "number": "number", "boolean": "boolean", "string": "string"}


def compile_schemas(swagger: Mapping[str, Any], openapi: Mapping[str, Any]) -> JsonObject:
    """The compact form of both documents: release, operations, and the schemas that they refer to."""
    operations = {
        spec["operationId"]: _operation(method, path, spec)
        for path, methods in sorted(swagger["paths"].items())
        for method, spec in methods.items()
        if "operationId" in spec
    }
    wanted = _reachable(swagger["definitions"], operations)
    flags = openapi["components"]["schemas"]
    return {
        "release": swagger["info"]["x-looker-release-version"],
        "operations": operations,
        "schemas": {name: _schema(name, swagger["definitions"][name], flags.get(name, {})) for name in sorted(wanted)},
    }


def _operation(method: str, path: str, spec: Mapping[str, Any]) -> JsonObject:
    parameters = spec.get("parameters", [])
    query = [p for p in parameters if p["in"] == "query"]
    body = next((p["schema"] for p in parameters if p["in"] == "body"), None)
    success: Mapping[str, Any] = next((r for code, r in sorted(spec["responses"].items()) if code.startswith("2")), {})
    return {
        "method": method.upper(),
        "path": path,
        "body": _type(body) if body else None,
        "query": {p["name"]: _type(p) for p in query},
        "required": [p["name"] for p in query if p.get("required")],
        "result": _type(success["schema"]) if "schema" in success else None,
        "refusals": sorted(int(code) for code in spec["responses"] if code.startswith("4")),
    }


def _schema(name: str, definition: Mapping[str, Any], openapi: Mapping[str, Any]) -> JsonObject:
    also = openapi.get("properties", {})
    fields = {
        field: _type(spec) + _flags(name, field, spec, also.get(field, {}))
        for field, spec in definition.get("properties", {}).items()
    }
    return {"required": definition.get("required", []), "fields": fields}


def _flags(schema: str, field: str, swagger: Mapping[str, Any], openapi: Mapping[str, Any]) -> str:
    flagged = swagger.get("readOnly") or openapi.get("readOnly")
    read_only = flagged and field not in SENT_THOUGH_FLAGGED.get(schema, ())
    return ("?" if swagger.get("x-looker-nullable") else "") + ("-" if read_only else "")


def _type(spec: Mapping[str, Any]) -> str:
    if "$ref" in spec:
        return "@" + str(spec["$ref"]).rsplit("/", 1)[1]
    if spec.get("type") == "array":
        return f"[{_type(spec['items'])}]"
    if spec.get("type") == "object":
        return "map"
    if spec.get("format") == "date-time":
        return "datetime"
    return _PLAIN.get(spec.get("type", ""), "any")


def _reachable(definitions: Mapping[str, Any], operations: Mapping[str, Mapping[str, Any]]) -> set[str]:
    waiting = [t for op in operations.values() for t in (op["body"], op["result"]) if t]
    found: set[str] = set()
    while waiting:
        name = waiting.pop().strip("[]@")
        if name in definitions and name not in found:
            found.add(name)
            waiting += [_type(spec) for spec in definitions[name].get("properties", {}).values()]
    return found


def main(arguments: list[str]) -> int:
    """Write ``schemas.json`` from the two documents named on the command line."""
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m lrestore.simulator.core.compile_schemas SWAGGER.json OPENAPI.json\n")
        return 2
    swagger, openapi = (json.loads(Path(name).read_text("utf-8")) for name in arguments)
    text = json.dumps(compile_schemas(swagger, openapi), ensure_ascii=False, separators=(",", ":"), sort_keys=False)
    TARGET.write_text(text.replace('},"', '},\n"') + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
