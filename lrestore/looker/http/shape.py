"""Whether a decoded answer is one that its operation can give.

What is not (null, a list where an object belongs, an object without an id or with the id of another) proves nothing:
not that something is missing, not that it differs, not that a create failed. The session raises it as an error, so that
no reader of answers has to ask again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from lrestore.json_types import JsonObject
from lrestore.ontology.schema import AnswerShape, Operation

_ID = "id"


def fault_in(operation: Operation, path: Mapping[str, str], query: Mapping[str, object], answer: Any) -> str:
    """The fault of ``answer``, in words that follow "the answer"; "" for a usable one.

    ``path`` and ``query`` are the parameters with which the operation was called.
    """
    shape = operation.answer
    fields = str(query.get("fields") or shape.shows)
    if shape.shows not in fields.split(","):
        shape = replace(shape, shows="")
    match shape.content:
        case "object":
            return _object(shape, path, answer)
        case "rows":
            return _rows(answer, shape.shows, shape.lists) or _empty(shape, query, answer)
        case "text":
            return "" if isinstance(answer, str) else f"is {_named(answer)}, not a text"
    return ""


def _empty(shape: AnswerShape, query: Mapping[str, object], answer: Any) -> str:
    """The fault of a listing without rows. The page after the last one is empty in any instance."""
    if answer or not shape.never_empty or query.get("offset"):
        return ""
    return "is an empty list, although every instance has such objects"


def usable_id(value: object) -> bool:
    """Whether a value can be an id or a name: a text that is not blank, or a whole number."""
    return bool(value.strip()) if isinstance(value, str) else isinstance(value, int) and not isinstance(value, bool)


def _object(shape: AnswerShape, path: Mapping[str, str], answer: Any) -> str:
    if not isinstance(answer, dict):
        return f"is {_named(answer)}, not an object"
    if not answer:
        return "is an empty object"
    if not shape.shows:
        return ""
    shown = answer.get(shape.shows)
    if not usable_id(shown):
        return _without(shape.shows, answer)
    asked = path.get(shape.same) if shape.same else None
    if asked is not None and str(shown).casefold() != str(asked).casefold():
        return f"is the object with {shape.shows} {shown!r}, which was not requested"
    return _parts(answer, shape.lists)


def _rows(answer: Any, shows: str, lists: tuple[str, ...]) -> str:
    if not isinstance(answer, list):
        return f"is {_named(answer)}, not a list"
    for number, row in enumerate(answer):
        if not isinstance(row, dict):
            return f"holds {_named(row)} at position {number}, not an object"
        if shows and not usable_id(row.get(shows)):
            return f"holds an object at position {number} that {_without(shows, row)}"
        wrong = _parts(row, lists) if lists else ""
        if wrong:
            return wrong
    return ""


def fault_in_row(operation: Operation, row: JsonObject) -> str:
    """The fault in the lists of parts that a row of ``operation`` shows; "" if there is none."""
    return _parts(row, operation.answer.lists)


def _parts(answer: Mapping[str, Any], lists: tuple[str, ...]) -> str:
    """The fault in the lists of parts that the object shows; a list that it does not show is no fault."""
    for where in lists:
        for shown in _at(answer, where.split("[].")):
            wrong = "" if shown is None else _rows(shown, _ID, ())
            if wrong:
                return f"shows a wrong value as {where}: it {wrong}"
    return ""


def _at(obj: Mapping[str, Any], names: list[str]) -> Iterator[Any]:
    found = obj.get(names[0])
    if len(names) == 1:
        yield found
        return
    for one in found or ():
        yield from _at(one, names[1:])


def _without(shows: str, obj: Mapping[str, Any]) -> str:
    return f"has {_named(obj[shows])} as its {shows}" if shows in obj else f"has no {shows}"


def _named(value: Any) -> str:
    """A value in a few words, without what it holds."""
    if value is None:
        return "null"
    if value == "":
        return "an empty text"
    words = {
        bool: "true or false",
        str: "a text",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "an object",
    }
    return words[type(value)]
