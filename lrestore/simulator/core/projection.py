"""The ``fields`` parameter: ``id,title,dashboard_elements(id,query(model))``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from lrestore.simulator.core import schema
from lrestore.simulator.core.refusal import FieldRefusal, RefusedError, invalid

Tree: TypeAlias = "dict[str, Tree | None]"

OPENING = "("


@lru_cache(maxsize=512)
def parse(text: str, schema_name: str) -> Tree | None:
    """The parameter as a tree of names, None for an empty one.

    Raises RefusedError 422 for a name that the schema lacks: a misspelt field must not look like an absent one.
    """
    tokens = _tokens(text)
    tree = _parse_level(tokens)
    if tokens:
        raise _bad("unbalanced parentheses")
    _check_names(tree, schema_name)
    return tree or None


def _tokens(text: str) -> list[str]:
    spaced = text.replace("(", " ( ").replace(")", " ) ").replace(",", " ")
    return spaced.split()[::-1]


def _parse_level(tokens: list[str]) -> Tree:
    tree: Tree = {}
    last = ""
    while tokens and tokens[-1] != ")":
        token = tokens.pop()
        if token != OPENING:
            last = token
            tree[token] = None
            continue
        if not last:
            raise _bad("a parenthesis without a name")
        tree[last] = _parse_level(tokens)
        if not tokens:
            raise _bad("unbalanced parentheses")
        tokens.pop()
    return tree


def _check_names(tree: Tree, schema_name: str) -> None:
    known = schema.schema(schema_name).fields
    for name, below in tree.items():
        if name not in known:
            raise _bad(f"{schema_name} has no field {name}")
        if below and known[name].is_schema:
            _check_names(below, known[name].kind)


def _bad(why: str) -> RefusedError:
    return invalid(FieldRefusal("fields", "invalid", f"Invalid fields parameter: {why}"))


def project(value: Any, tree: Tree | None) -> Any:
    """The parts of a decoded JSON value that are in the tree; lists are filtered entry by entry."""
    if tree is None or value is None:
        return value
    if isinstance(value, list):
        return [project(entry, tree) for entry in value]
    if not isinstance(value, Mapping):
        return value
    return {name: project(value[name], below) for name, below in tree.items() if name in value}
