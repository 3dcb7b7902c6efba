"""Text of both directions on one line: right-to-left names must not turn around what stands beside them.

Terminals and browsers order such lines by the Unicode Bidirectional Algorithm (UAX 9). Without isolation it shows
``dashboard=12 NAME → 13`` with the arrow and the 13 before a Hebrew or Arabic NAME.
"""

from __future__ import annotations

import re
import unicodedata

BEGIN, END = "\u2068", "\u2069"
"""First Strong Isolate and Pop Directional Isolate: invisible, without width."""

_CANDIDATE = re.compile("[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
"""The blocks that Unicode reserves for right-to-left scripts: most texts have none of these characters."""
_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_LEFT_TO_RIGHT = "L"


def isolated(text: str) -> str:
    """``text`` with each right-to-left run between isolates."""
    if not _CANDIDATE.search(text):
        return text
    return "".join(f"{BEGIN}{part}{END}" if turned else part for part, turned in runs(text))


def runs(text: str) -> list[tuple[str, bool]]:
    """The parts of ``text``, and whether each is a right-to-left run: from such a letter to the last one before the
    next left-to-right letter or the end of the line.
    """
    parts: list[tuple[str, bool]] = []
    begin = at = 0
    while at < len(text):
        if unicodedata.bidirectional(text[at]) not in _RIGHT_TO_LEFT:
            at += 1
            continue
        end = _end(text, at)
        parts += [(text[begin:at], False), (text[at:end], True)]
        begin = at = end
    return [part for part in (*parts, (text[begin:], False)) if part[0]]


def _end(text: str, begin: int) -> int:
    """The end of the run that begins at ``begin``."""
    end = begin
    for at in range(begin, len(text)):
        kind = unicodedata.bidirectional(text[at])
        if kind == _LEFT_TO_RIGHT or text[at] == "\n":
            break
        if kind in _RIGHT_TO_LEFT or unicodedata.combining(text[at]):
            end = at + 1
    return end
