"""Makes text from a backup or from Looker safe for Markdown: nothing in it is markup, a mention or a link."""

from __future__ import annotations

import re

from lrestore.text.direction import isolated
from lrestore.text.terminal import plain

_MARKUP = re.compile(r"[\\`*_\[\]|~$]")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_NOTHING = "&#8203;"
"""A space without width, after what begins a mention (``@name``), a reference (``#12``) or an address."""
_CONNECTED = re.compile(r"[@#]|:(?=//)|(?<=www)(?=\.)", re.IGNORECASE)


def markdown(text: str) -> str:
    """``text`` on one line, shown as it is."""
    escaped = re.sub("[&<>]", lambda match: _HTML[match[0]], plain(text))
    escaped = _MARKUP.sub(lambda match: "\\" + match[0], escaped)
    return isolated(_CONNECTED.sub(lambda match: match[0] + _NOTHING, escaped))
