"""The name by which messages call a tile, which may have no title."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def tile_name(tile: Mapping[str, Any]) -> str:
    """A readable name of a tile."""
    return str(tile.get("title") or tile.get("title_text") or f"{tile.get('type') or 'untitled'} tile")
