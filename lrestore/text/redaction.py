"""Takes secrets out of text that comes from outside: a server may echo what it was sent."""

from __future__ import annotations

import re
from collections import deque
from urllib.parse import quote, quote_plus

_MASK = "***"
_KEPT_SECRETS = 16
"""Tokens are renewed hourly; one that is this old has long expired."""
_SHORTEST = 5
"""Characters of a secret that is looked for anywhere: a shorter one is a part of ordinary words. Looker makes 24."""
_CARRIER = re.compile(
    r"""((?:client_secret|access_token|refresh_token)["']?\s*[:=]\s*["']?|authorization["']?\s*[:=]\s*["']?(?:\w+\s+)?)"""
    r"""[^\s"'&,;}\]]+""",
    re.IGNORECASE,
)
"""A field that holds a secret, with its value."""
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_INVISIBLE_HTML = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


class Secrets:
    """Texts that must never be shown: the client secret and the latest tokens."""

    def __init__(self, *values: str) -> None:
        self._values: deque[str] = deque(maxlen=_KEPT_SECRETS)
        self._permanent = tuple(spelling for value in values for spelling in _spellings(value))

    def __repr__(self) -> str:
        return f"Secrets({_MASK})"

    def add(self, value: str) -> None:
        """From now on hide ``value``, too."""
        self._values.extend(_spellings(value))

    def hide(self, text: str) -> str:
        """``text`` without any known secret, and without the values of the fields that hold secrets."""
        for value in (*self._permanent, *tuple(self._values)):
            text = text.replace(value, _MASK)
        return _CARRIER.sub(rf"\1{_MASK}", text)


def _spellings(value: str) -> tuple[str, ...]:
    return tuple({value, quote(value, safe=""), quote_plus(value)}) if len(value) >= _SHORTEST else ()


def one_line(text: str, limit: int) -> str:
    """``text`` fit for a terminal and a log: no control characters, no line breaks, at most ``limit`` characters."""
    line = _BLANKS.sub(" ", text).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def visible_text(html: str) -> str:
    """The visible text of a page of HTML, roughly; other text is returned unchanged."""
    return _TAG.sub(" ", _INVISIBLE_HTML.sub(" ", html))
