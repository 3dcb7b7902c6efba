"""The typed dictionaries agree with the models of the Looker SDK, which is generated from the specification."""

from __future__ import annotations

import collections.abc
import typing
from datetime import datetime
from enum import Enum

import attrs
import pytest

from lrestore.content.shapes.schemas import SCHEMAS
from lrestore.ontology import CONTENT_TYPES, PARTS
from lrestore.ontology.fields import attributes, sdk_model, sdk_release
from lrestore.ontology.releases import INTRODUCED, at_least

_LISTS = (list, collections.abc.Sequence)
_MAPS = (dict, collections.abc.MutableMapping)
_VIEWS = {"LookWithDashboards": "LookWithQuery", "Look": "LookWithQuery", "LookBasic": "LookWithQuery"}
"""Schemas that show a part of another one: a shape of the larger one describes both."""
_UNTYPED = frozenset({"explore", "lookml_model"})
"""Content types that a restore checks by name and never writes."""

CASES = [pytest.param(shape, schema, id=shape.__name__) for shape, schema in SCHEMAS.items()]


def plain(hint: object) -> object:
    """A type of the SDK as a decoded JSON value has it: no Optional, times and enumerations as texts."""
    arguments = [one for one in typing.get_args(hint) if one is not type(None)]
    origin = typing.get_origin(hint)
    if origin in _LISTS:
        return list, plain(arguments[0])
    if origin in _MAPS:
        return dict
    return plain(arguments[0]) if arguments else _plain_class(hint)


def _plain_class(hint: object) -> object:
    if not isinstance(hint, type):
        return hint
    if issubclass(hint, datetime | Enum):
        return str
    schema = SCHEMAS.get(hint, hint.__name__ if attrs.has(hint) else "")
    return _VIEWS.get(schema, schema) if schema else hint


_LATER = {
    "Dashboard": {"layout_granularity"},
    "DashboardElement": {"images"},
    "ScheduledPlan": {"content_title", "last_run_status"},
    "User": {"abilities", "is_embed_user"},
}
"""Keys that the oldest SDK lacks and that :data:`INTRODUCED` does not list as later: one had gone, the others are never
sent.
"""


def later(schema: str) -> set[str]:
    """The keys of a schema that may be missing in the installed SDK, because it is older."""
    if at_least(sdk_release(), "26.22"):
        return set()
    places = (name.partition(".") for name, since in INTRODUCED.items() if not at_least(sdk_release(), since))
    return {name for owner, _, name in places if owner == schema} | _LATER.get(schema, set())


@pytest.mark.parametrize(("shape", "schema"), CASES)
def test_every_key_of_a_shape_exists_in_its_schema(shape: type, schema: str) -> None:
    assert set(shape.__annotations__) - attributes(schema) - later(schema) == set()


@pytest.mark.parametrize(("shape", "schema"), CASES)
def test_every_key_of_a_shape_has_the_type_of_its_schema(shape: type, schema: str) -> None:
    ours, theirs = typing.get_type_hints(shape), typing.get_type_hints(sdk_model(schema))
    shown = [name for name in ours if name in theirs or name not in later(schema)]
    wrong = {
        name: (plain(ours[name]), plain(theirs[name]))
        for name in shown
        # An object of a schema without a shape is a JsonObject here.
        if plain(ours[name]) != plain(theirs[name])
        and not (_opaque(plain(ours[name])) and _unshaped(plain(theirs[name])))
    }
    assert wrong == {}


def _opaque(found: object) -> bool:
    return found is dict or found == (list, dict)


def _unshaped(found: object) -> bool:
    name = found[1] if isinstance(found, tuple) else found
    return isinstance(name, str) and name not in _TYPED_EVERYWHERE


_TYPED_EVERYWHERE = frozenset(SCHEMAS.values()) - {"User", "Dashboard"}
"""Schemas that a shape never hides behind a JsonObject."""


def test_every_content_type_and_part_has_a_shape() -> None:
    models = {entry.model for name, entry in CONTENT_TYPES.items() if name not in _UNTYPED}
    models |= {part.model for part in PARTS.values()}
    assert models - set(SCHEMAS.values()) == set()
