"""Every operation of the table against the SDK's own source, which is generated from the specification."""

from __future__ import annotations

import ast
import functools
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from lrestore.ontology import OPERATIONS, Operation

_ROUTE = re.compile(r"^ *# (GET|POST|PUT|PATCH|DELETE) (/\S*) -> ", re.MULTILINE)


@functools.cache
def sdk_methods() -> dict[str, tuple[str, str, frozenset[str]]]:
    """Method → verb, path and names of its arguments."""
    spec = find_spec("looker_sdk.sdk.api40.methods")
    assert spec and spec.origin
    source = Path(spec.origin).read_text(encoding="utf-8")
    routes = [(match.start(), match.group(1), match.group(2)) for match in _ROUTE.finditer(source)]
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found: dict[str, tuple[str, str, frozenset[str]]] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            before = [route for route in routes if route[0] < starts[node.lineno - 1]]
            if before:
                names = frozenset(argument.arg for argument in node.args.args)
                found[node.name] = (before[-1][1], before[-1][2], names)
    return found


@pytest.mark.parametrize(
    "operation", [row for row in OPERATIONS.values() if row.activity != "none"], ids=lambda row: row.id
)
def test_verb_path_and_fields_are_those_of_the_sdk(operation: Operation) -> None:
    verb, path, arguments = sdk_methods()[operation.id]
    assert (operation.method, operation.path) == (verb, path)
    assert operation.takes_fields == ("fields" in arguments)
