"""Dead letters by cause: items that failed for the same reason form a group, whatever their ids and names are."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from lrestore.messages import DeadLetter
from lrestore.report.model import FailedItem

Letter = FailedItem | DeadLetter

GAP = "…"
"""Stands where a message names the item itself."""

_INDEX = re.compile(r"\[\d+\]")
_CALL = re.compile(r"\b(?:GET|POST|PUT|PATCH|DELETE) /[^\s)]*")
_ID_IN_PATH = re.compile(r"(?<=/)[^/?]*\d[^/?]*")
_NUMBER_OF_A_REQUEST = re.compile(r"\b(?=[0-9a-f-]*\d)[0-9a-f]{8}[0-9a-f-]*\b", re.IGNORECASE)
_OWN_PART = re.compile(r"""\b(its (?:tile|item)) (?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")
_QUERY = re.compile(r"\b((?:merge_|sql_)?query)=\w+")
"""Queries have no names: which of them is missing is particular to the item."""
_WRITES = re.compile(r" \[\d+ writes? refused, \d+ done; running it again continues\]")
"""How far the item came."""
_HINT = re.compile(r"; the rest (?:was|can be) \w+ \((.+)\)$", re.DOTALL)
"""The remedy at the end of the message of an incomplete item."""
_SHORTEST_NAME = 4
"""Shorter names are replaced only where they stand in quotes: they may be a part of the sentence."""


class Cause(msgspec.Struct, frozen=True):
    """Dead letters of one cause, in the order in which they came."""

    cause: str
    error_type: str
    status: int | None
    letters: tuple[Letter, ...]

    @property
    def period(self) -> tuple[str, str]:
        """When the first and the last of them failed."""
        times = [letter.failed_at for letter in self.letters]
        return min(times), max(times)

    @property
    def retries(self) -> int:
        """How often a call was repeated, for the item that took most repetitions."""
        return max(letter.retries for letter in self.letters)


def grouped_by_cause(letters: Iterable[Letter]) -> list[Cause]:
    """Groups of equal error type, HTTP status and cause, the largest first."""
    found: dict[tuple[str, int | None, str], list[Letter]] = {}
    for letter in letters:
        found.setdefault((letter.error_type, letter.status, cause_of(letter)), []).append(letter)
    groups = [Cause(cause, error_type, status, tuple(of)) for (error_type, status, cause), of in found.items()]
    return sorted(groups, key=lambda group: -len(group.letters))


def cause_of(letter: Letter) -> str:
    """The message without what is particular to the item: its id, its name, names and positions of its own parts.

    An incomplete item says what it lacks in its field errors, and how to get it at the end of its message.
    Each reason counts once.
    """
    if letter.error_type == "IncompleteError" and letter.errors:
        reasons = dict.fromkeys(sorted(_without_item(error.message, letter) for error in letter.errors))
        hint = _HINT.search(letter.message)
        return f"restored without {'; without '.join(reasons)}{f' ({hint[1]})' if hint else ''}"
    text = _without_item(letter.message, letter)
    fields = [
        f"{_INDEX.sub(f'[{GAP}]', error.field)}: {_without_item(error.message, letter)}" for error in letter.errors
    ]
    return "; ".join([text, *(field for field in dict.fromkeys(fields) if field not in text)])


def _without_item(text: str, letter: Letter) -> str:
    text = text.replace(f"{letter.type}={letter.id} ({letter.name!r})", letter.type)
    text = re.sub(rf"\b{re.escape(letter.type)}={re.escape(letter.id)}(?![\w:])", letter.type, text)
    if letter.name:
        text = text.replace(repr(letter.name), GAP).replace(f'"{letter.name}"', GAP)
    if len(letter.name) >= _SHORTEST_NAME:
        text = re.sub(rf"(?<!\w){re.escape(letter.name)}(?!\w)", GAP, text)
    text = _OWN_PART.sub(r"\1", text)
    text = _WRITES.sub("", text)
    text = _CALL.sub(lambda call: _ID_IN_PATH.sub(GAP, call[0]), text)
    text = _QUERY.sub(rf"\1={GAP}", text)
    if letter.status is not None:
        text = _NUMBER_OF_A_REQUEST.sub(GAP, text)
    return _INDEX.sub(f"[{GAP}]", text)
