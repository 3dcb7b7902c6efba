"""A plugin of mypy: ``get`` of a TypedDict with a key that it lacks is an error.

By itself mypy refuses ``tile["titel"]``, and takes ``tile.get("titel")`` for an object of any type. Names in a tuple
that is Final count as literals here, so that a loop over them is checked too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mypy.errorcodes import TYPEDDICT_ITEM
from mypy.plugin import MethodContext, Plugin
from mypy.plugins.default import typed_dict_get_callback
from mypy.typeops import make_simplified_union
from mypy.types import Instance, LiteralType, NoneType, Type, TypedDictType, UnionType, get_proper_type


def _literals(told: Type) -> Iterator[str | None]:
    """The texts that an argument may be; None for one that is not known."""
    kind = get_proper_type(told)
    if isinstance(kind, UnionType):
        for item in kind.items:
            yield from _literals(item)
        return
    if isinstance(kind, Instance) and kind.last_known_value is not None:
        kind = kind.last_known_value
    yield kind.value if isinstance(kind, LiteralType) and isinstance(kind.value, str) else None


def _get(ctx: MethodContext) -> Type:
    if not isinstance(ctx.type, TypedDictType) or not ctx.arg_types or len(ctx.arg_types[0]) != 1:
        return typed_dict_get_callback(ctx)
    keys = list(_literals(ctx.arg_types[0][0]))
    for key in keys:
        if key is not None and key not in ctx.type.items:
            name = ctx.type.fallback.type.name
            ctx.api.fail(f'TypedDict "{name}" has no key "{key}"', ctx.context, code=TYPEDDICT_ITEM)
            return ctx.default_return_type
    if len(keys) > 1 and all(keys) and not (len(ctx.arg_types) > 1 and ctx.arg_types[1]):
        return make_simplified_union([*(ctx.type.items[key] for key in keys if key is not None), NoneType()])
    return typed_dict_get_callback(ctx)


class TypedDictKeys(Plugin):
    """Checks the keys that are asked for with ``get``."""

    def get_method_hook(self, fullname: str) -> Callable[[MethodContext], Type] | None:
        return _get if fullname == "typing.Mapping.get" else None


def plugin(version: str) -> type[Plugin]:
    """Called by mypy."""
    return TypedDictKeys
