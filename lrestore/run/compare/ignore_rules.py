"""``[verify] ignore``: fields whose differences are reported apart and do not count.

A pattern is ``TYPE.FIELD``, both with ``*`` and ``?``; TYPE alone means all of it. TYPE is a content type or a part of
one: ``dashboard_element.note_text`` is the same field as ``dashboard.dashboard_elements.note_text``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cache
from typing import TypeVar

from lrestore.messages import Change, Deletion
from lrestore.ontology import CONTENT_TYPES, PARTS, fields
from lrestore.text.words import did_you_mean

_MORE: dict[str, tuple[str, ...]] = {"group": ("groups",)}
"""Facts that are compared of a type and are no field of it: the groups inside a group."""
_INDEX = re.compile(r"\[\d+\]")
_ALL = "*"
_T = TypeVar("_T", Change, Deletion)


@cache
def known_names() -> frozenset[str]:
    """Every name that a pattern may mean."""
    names = {f"{name}.{field}" for name, entry in CONTENT_TYPES.items() for field in fields.attributes(entry.model)} | {
        f"{name}.{field}" for name, more in _MORE.items() for field in more
    }
    for name, entry in CONTENT_TYPES.items():
        for part in entry.parts:
            for field in fields.attributes(part.model):
                names |= {f"{part.type}.{field}", f"{name}.{part.path.replace('[]', '')}.{field}"}
    return frozenset(names)


def wrong_pattern(patterns: object) -> str:
    """The fault of the setting: the first pattern that means no field at all; "" if there is none."""
    for pattern in patterns if isinstance(patterns, list) else []:
        wrong = _wrong(_spelt(str(pattern)))
        if wrong:
            return f"has {pattern!r}: {wrong}"
    return ""


def _wrong(pattern: str) -> str:
    if any(fnmatchcase(name, pattern) for name in known_names()):
        return ""
    type_pattern, _, field = pattern.partition(".")
    types = [name for name in (*CONTENT_TYPES, *PARTS) if fnmatchcase(name, type_pattern)]
    if not types:
        return f"there is no type {type_pattern!r}{_near(type_pattern, (*CONTENT_TYPES, *PARTS))}"
    subject = f"a {types[0]} has" if len(types) == 1 else "no such type has"
    no = "no" if len(types) == 1 else "a"
    names = [name.partition(".")[2] for name in known_names() if name.partition(".")[0] in types]
    return f"{subject} {no} field {field!r}{_near(field, names)}"


def _near(word: str, known: Iterable[str]) -> str:
    meant = did_you_mean(word, known)
    return f"; {meant}" if meant else ""


class Ignored:
    """The patterns of the setting, for the differences of one type after the other."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = tuple(_spelt(pattern) for pattern in patterns)

    def changes(self, type_name: str, found: Sequence[Change]) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
        """The changes that count, and those that do not."""
        mine = [self._hit(_names(type_name, change.path)) for change in found]
        return _split(found, mine)

    def deletions(self, type_name: str, found: Sequence[Deletion]) -> tuple[tuple[Deletion, ...], tuple[Deletion, ...]]:
        """The parts that the backup lacks and that count, and those of which nothing counts."""
        mine = [self._hit(_parts_names(type_name, gone.type)) for gone in found]
        return _split(found, mine)

    def _hit(self, names: Iterable[str]) -> bool:
        return any(fnmatchcase(name, pattern) for name in names for pattern in self._patterns)


def _split(found: Sequence[_T], hits: Sequence[bool]) -> tuple[tuple[_T, ...], tuple[_T, ...]]:
    pairs = list(zip(found, hits, strict=True))
    return tuple(one for one, hit in pairs if not hit), tuple(one for one, hit in pairs if hit)


def _spelt(pattern: str) -> str:
    """A type alone stands for all its fields."""
    text = pattern.strip()
    return text if "." in text else f"{text}.{_ALL}"


def _names(type_name: str, path: str) -> Iterator[str]:
    """The names of the field at a path such as ``dashboard_elements[3].title``."""
    plain = _INDEX.sub("", path)
    for part in CONTENT_TYPES[type_name].parts:
        home = part.path.replace("[]", "")
        if plain.startswith(f"{home}."):
            field = plain.removeprefix(f"{home}.").partition(".")[0]
            yield f"{part.type}.{field}"
            yield f"{type_name}.{home}.{field}"
    yield f"{type_name}.{plain.partition('.')[0]}"


def _parts_names(type_name: str, part_type: str) -> Iterator[str]:
    """The names of a part as a whole: no pattern with a field fits, ``*`` does."""
    yield f"{part_type}.{_ALL}"
    for part in CONTENT_TYPES[type_name].parts:
        if part.type == part_type:
            yield f"{type_name}.{part.path.replace('[]', '')}"
