"""A slug of our own for a dashboard whose backup has none: by it a create whose answer was lost is found again."""

from __future__ import annotations

import secrets
import string

_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 22
"""As long as Looker's own."""


def fresh_slug() -> str:
    """A slug that nobody else has."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
