"""Finds the operation of the specification for a method and path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple
from urllib.parse import unquote

from lrestore.simulator.core.schema import OperationSpec, operations

_WILD = "{}"


class Route(NamedTuple):
    """An operation and the parameters of its path."""

    operation: OperationSpec
    path: Mapping[str, str]


class _Node:
    __slots__ = ("below", "here")

    def __init__(self) -> None:
        self.below: dict[str, _Node] = {}
        self.here: dict[str, tuple[OperationSpec, tuple[str, ...]]] = {}


@cache
def _root() -> _Node:
    root = _Node()
    for operation in operations().values():
        node, names = root, []
        for part in operation.path.strip("/").split("/"):
            if part.startswith("{"):
                names.append(part.strip("{}"))
            node = node.below.setdefault(_WILD if part.startswith("{") else part, _Node())
        node.here[operation.method] = (operation, tuple(names))
    return root


def route(method: str, path: str) -> Route | None:
    """The operation for a path below ``/api/4.0`` (still percent-encoded); literal parts win over parameters."""
    parts = path.strip("/").split("/")
    found = _walk(_root(), method, parts, [])
    if found is None:
        return None
    operation, names, values = found
    return Route(operation, dict(zip(names, map(unquote, values), strict=True)))


def _walk(
    node: _Node, method: str, parts: Sequence[str], values: list[str]
) -> tuple[OperationSpec, tuple[str, ...], list[str]] | None:
    if not parts:
        entry = node.here.get(method)
        return (entry[0], entry[1], values) if entry else None
    head, rest = parts[0], parts[1:]
    literal = node.below.get(head)
    if literal is not None and (found := _walk(literal, method, rest, values)):
        return found
    wild = node.below.get(_WILD)
    return _walk(wild, method, rest, [*values, head]) if wild is not None and head else None
