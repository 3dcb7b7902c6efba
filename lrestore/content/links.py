"""Links to content in free text: finding them, and giving them other ids. Pure functions.

A link is ``/dashboards/42`` and the like, alone or after a host; in Markdown, HTML, or JSON inside a string, where
slashes may be escaped or percent-encoded. It names one's own content only where no host stands before it, or one's own
does.
Nothing but ids, and the hosts before them, is ever changed: no character of an id needs to be escaped anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from lrestore.json_types import JsonObject

TARGETS = {
    "dashboards": "dashboard",
    "dashboards-next": "dashboard",
    "dashboards-legacy": "dashboard",
    "looks": "look",
    "folders": "folder",
    "spaces": "folder",
    "boards": "board",
}
"""First part of a path, and the type of content whose id comes after it."""

_SLASH = r"(?:\\{0,4}/|%2[Ff])"
_LINK = re.compile(
    rf"(?P<before>{_SLASH}(?:(?:embed|browse){_SLASH})?)"
    rf"(?P<word>dashboards(?:-next|-legacy)?|looks|folders|spaces|boards){_SLASH}(?P<id>\w[\w-]*)(?P<lookml>::)?",
    re.ASCII,
)
_HOST = re.compile(rf"(?:(?:https?:)?{_SLASH}{_SLASH})?(?P<host>[\w.-]+)(?P<port>(?::|%3[Aa])\d+)?$", re.ASCII)
_ESCAPE = re.compile(r"(?:\\(?:[nrtbf]|u[0-9A-Fa-f]{4})|%(?!2[Ff])[0-9A-Fa-f]{2})$")
"""A character before a link that only looks like the end of a host's name: a line break in JSON, an encoded quote."""
_LONGEST_HOST = 300
_WORDS = ("boards", "looks", "folders", "spaces")
"""One of them is in every link: dashboards are boards, too."""
_WORDS_IN_BYTES = tuple(word.encode() for word in _WORDS)
_BEFORE_SLASH = tuple(
    word.encode() + rest for word in _WORDS for rest in ((b"", b"-next", b"-legacy") if word == "boards" else (b"",))
)
_SLASH_AND_ID = re.compile(rb"/(\d+)")
_ENCODED_SLASH = re.compile(rb"%2[Ff]")
_LONGEST_WORD = 24
"""A word before the slash, with the backslashes between them."""


@dataclass(frozen=True, slots=True)
class Link:
    """One link in a text. ``id`` is a number, or the slug of a dashboard; ``host`` is "" for a relative one.

    ``id_at`` and ``host_at`` say where they stand; the host's place includes the port.
    """

    type: str
    id: str
    host: str
    id_at: tuple[int, int]
    host_at: tuple[int, int]


New = tuple[str, str | None]
"""The id that a link is to have, and the host, where it has one: None for the one that stands there."""


def links(text: str) -> Iterator[Link]:
    """Every link in a text, foreign ones included; links to LookML dashboards (``model::name``) name no id."""
    if not _has_word(text):
        return
    for match in _LINK.finditer(text):
        type_name, object_id = TARGETS[match["word"]], match["id"]
        if match["lookml"] or not (object_id.isdecimal() or type_name == "dashboard"):
            continue
        start = match.start()
        earliest = max(0, start - _LONGEST_HOST)
        host = None if _ESCAPE.search(text, earliest, start) else _HOST.search(text, earliest, start)
        if host is None and start and text[start - 1] in "/%\\":
            continue
        where = (host.start("host"), host.end()) if host else (start, start)
        yield Link(type_name, object_id, host["host"].casefold() if host else "", match.span("id"), where)


def _has_word(text: str) -> bool:
    return "boards" in text or "looks" in text or "folders" in text or "spaces" in text


def rewritten(text: str, new: Callable[[Link], New | None]) -> str:
    """``text`` with what ``new`` says of each link; None leaves it as it is."""
    pieces: list[str] = []
    done = 0
    for link in links(text):
        change = new(link)
        if change is not None and link.host_at[0] >= done:
            new_id, host = change
            (host_start, host_end), (id_start, id_end) = link.host_at, link.id_at
            before = text[host_start:host_end] if host is None else host
            pieces += [text[done:host_start], before, text[host_end:id_start], new_id]
            done = id_end
    return "".join([*pieces, text[done:]]) if pieces else text


def rewritten_anywhere(value: Any, new: Callable[[Link], New | None]) -> Any:
    """``value``, a text or whatever holds texts, with its links rewritten; itself where nothing changes."""
    return _rewritten_inside(value, new) if may_hold_links(value) else value


def without_targets(value: Any) -> Any:
    """``value`` with all its links alike: equal for texts that differ only in what their links name."""
    return rewritten_anywhere(value, lambda link: ("0", ""))


def links_elsewhere(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of ``wanted`` that differ from those of ``live`` only in what their links name."""
    return {
        name: value
        for name, value in wanted.items()
        if name in live
        and value != live[name]
        and may_hold_links(value)
        and without_targets(value) == without_targets(live[name])
    }


def may_hold_links(value: Any) -> bool:
    """Whether it is worth looking for links in ``value``: one look at the whole instead of one at each of its texts."""
    if value is None:
        return False
    if isinstance(value, str):
        return _has_word(value)
    try:
        return has_links(msgspec.json.encode(value))
    except (TypeError, ValueError, OverflowError, RecursionError):
        return True


def _rewritten_inside(value: Any, new: Callable[[Link], New | None]) -> Any:
    if isinstance(value, str):
        return rewritten(value, new)
    if isinstance(value, dict):
        changed = {name: _rewritten_inside(entry, new) for name, entry in value.items()}
        return changed if any(changed[name] is not entry for name, entry in value.items()) else value
    if isinstance(value, list):
        entries = [_rewritten_inside(entry, new) for entry in value]
        return entries if any(one is not other for one, other in zip(entries, value, strict=True)) else value
    return value


def at(obj: Any, path: str, change: Callable[[Any, str], Any]) -> Any:
    """``obj`` with what ``change`` makes of every value at a path of the ontology; itself where nothing changes.

    ``change`` also receives the concrete path: ``dashboard_elements[3].body_text``.
    """
    return _at(obj, path.split("."), "", change)


def rewritten_at(obj: JsonObject, paths: Iterable[str], new: Callable[[Link, str], New | None]) -> JsonObject:
    """``obj`` with its links rewritten in every value at some paths of the ontology; itself if nothing changes.

    ``new`` also receives the concrete path.
    """

    def rewrite(value: Any, where: str) -> Any:
        return rewritten_anywhere(value, lambda link: new(link, where))

    for path in paths:
        obj = at(obj, path, rewrite)
    return obj


def _at(node: Any, steps: list[str], where: str, change: Callable[[Any, str], Any]) -> Any:
    if not steps:
        return change(node, where)
    name = steps[0].removesuffix("[]")
    if not isinstance(node, dict) or node.get(name) is None:
        return node
    here = f"{where}.{name}" if where else name
    old = node[name]
    if not steps[0].endswith("[]"):
        new = _at(old, steps[1:], here, change)
    elif isinstance(old, list):
        entries = [_at(entry, steps[1:], f"{here}[{index}]", change) for index, entry in enumerate(old)]
        new = entries if any(one is not other for one, other in zip(entries, old, strict=True)) else old
    else:
        return node
    return node if new is old else {**node, name: new}


def has_links(blob: bytes) -> bool:
    """Whether it is worth looking for links in what a blob holds."""
    return any(word in blob for word in _WORDS_IN_BYTES)


def mentioned(blob: bytes) -> set[tuple[str, str]]:
    """(type, id) of everything that a blob may have a link to: at least what :func:`links` finds in its texts.

    Made for gigabytes: expressions that begin with one character, and a search for one character is faster still.
    """
    if b"%" in blob and _ENCODED_SLASH.search(blob):
        blob = _ENCODED_SLASH.sub(b"/", blob)
    found: set[tuple[str, str]] = set()
    for link in _SLASH_AND_ID.finditer(blob):
        here = link.start()
        word = blob[max(0, here - _LONGEST_WORD) : here].rstrip(b"\\")
        if word.endswith(_BEFORE_SLASH):
            found.add((_target(word), link[1].decode()))
    return found


def _target(path: bytes) -> str:
    """The type of content that the last word of a path names."""
    word = path.removesuffix(b"-next").removesuffix(b"-legacy")
    return (
        "dashboard"
        if word.endswith(b"dashboards")
        else next(TARGETS[one.decode()] for one in _WORDS_IN_BYTES if word.endswith(one))
    )


def hosts(urls: Collection[str]) -> frozenset[str]:
    """The hosts of URLs, without their ports."""
    found = (re.match(r"https?://([\w.-]+)", url) for url in urls)
    return frozenset(match[1].casefold() for match in found if match)
