"""Makes the tables of docs/settings.md from the types of the settings: ``python -m docs.generate.settings``.

The only source is ``lrestore/settings/model.py``: types, defaults, and the docstring below each key. What stands above
the first table of the page stays as it is.
"""

from __future__ import annotations

import ast
import inspect
import types
import typing
from collections.abc import Iterator
from pathlib import Path

import msgspec

from lrestore.settings.model import SECTIONS

PAGE = Path(__file__).parents[1] / "settings.md"
BEGIN = "<!-- Made by docs/generate/settings.py from here on -->\n"
_NAMES = {str: "text", bool: "`true`, `false`", int: "whole number", float: "number", list[str]: "list of texts"}


def page() -> str:
    """The whole page: its own beginning, and the tables."""
    head, _, _ = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return head + BEGIN + "".join(_section(name, struct) for name, struct in SECTIONS.items())


def _section(name: str, struct: type) -> str:
    rows = "".join(f"| {' | '.join(row)} |\n" for row in _rows(name, struct))
    return f"\n## [{name}]\n\n| key | default | values | meaning |\n| --- | --- | --- | --- |\n{rows}"


def _rows(section: str, struct: type) -> Iterator[tuple[str, str, str, str]]:
    meanings, kinds = _docstrings(struct), typing.get_type_hints(struct, include_extras=True)
    for field in msgspec.structs.fields(typing.cast("type[msgspec.Struct]", struct)):
        default = [] if field.default is msgspec.NODEFAULT else field.default
        shown = msgspec.json.encode(default).decode()
        yield f"`{section}.{field.name}`", f"`{shown}`", _values(kinds[field.name]), meanings[field.name]


def _docstrings(struct: type) -> dict[str, str]:
    """The text below each key, on one line. Raises KeyError later for a key without one."""
    (made,) = ast.parse(inspect.getsource(struct)).body
    if not isinstance(made, ast.ClassDef):
        raise TypeError(f"{struct} is no class")
    found = {}
    for field, text in zip(made.body, made.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            found[field.target.id] = " ".join(str(ast.literal_eval(text.value)).split())
    return found


def _values(kind: typing.Any) -> str:
    """What the key takes: a type, its bounds, or the words."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        base, *metas = arguments
        return _names(base) + "".join(_bounds(meta) for meta in metas)
    if origin is typing.Literal:
        return ", ".join(f"`{word}`" for word in arguments)
    if origin in (types.UnionType, typing.Union):
        return " or ".join(map(_values, arguments))
    return _names(kind)


def _names(kind: typing.Any) -> str:
    return _NAMES[kind]


def _bounds(meta: msgspec.Meta) -> str:
    if meta.ge is not None and meta.le is not None:
        return f", {meta.ge} to {meta.le}"
    return f", {meta.ge} or more" if meta.ge is not None else f", more than {meta.gt}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
