"""How much of the backup a selection is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Extent:
    """Bytes of the selected items in the backup, and how many of them are corrupt."""

    size_bytes: int = 0
    unreadable: int = 0


NO_EXTENT = Extent()
