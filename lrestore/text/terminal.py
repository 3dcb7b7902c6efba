"""Makes text from a backup or from Looker safe for a terminal: control and invisible characters are escaped."""

from __future__ import annotations

import re
import unicodedata

_NOT_PLAIN_ASCII = re.compile(r"[^ -~]")
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Control characters, which a terminal obeys; format characters, which hide or turn around text; halves of characters;
separators of lines and paragraphs (Unicode's general categories).
"""
_LEAST_COLUMNS = 8
"""A title is never cut to less, however narrow the terminal is."""
_WIDTHLESS = frozenset({"Mn", "Me", "Cf"})
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def plain(text: str) -> str:
    """``text`` with control characters and invisible characters written as escapes."""
    return _NOT_PLAIN_ASCII.sub(lambda match: _escape(match[0]) if _unsafe(match[0]) else match[0], text)


def columns(text: str) -> int:
    """Columns on a terminal: two for East Asian wide characters, none for what is set above another."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def cut(text: str, width: int) -> str:
    """``text`` in at most ``width`` columns; a text that is cut ends in an ellipsis. Some of it always stays."""
    if columns(text) <= width:
        return text
    kept, used = "", 0
    for character in text:
        used += _columns(character)
        if used > max(width, _LEAST_COLUMNS) - 1:
            break
        kept += character
    return f"{kept}…"


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in _WIDTHLESS:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def plain_json(text: str) -> str:
    """The same for JSON text, in JSON's own escapes: it still means the same."""
    return _NOT_PLAIN_ASCII.sub(_json_escape, text)


def _unsafe(character: str) -> bool:
    return unicodedata.category(character) in _UNSAFE


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return _ESCAPES.get(character) or f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(match: re.Match[str]) -> str:
    # Line breaks and tabs of the JSON text itself are its layout.
    if match[0] in _ESCAPES or not _unsafe(match[0]):
        return match[0]
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
