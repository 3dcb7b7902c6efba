"""Numbers of bytes for people."""

from __future__ import annotations


def size(count: int) -> str:
    """``512 B``, ``12.3 KiB``."""
    amount = float(count)
    for unit in ("B", "KiB", "MiB"):
        if amount < 1024:
            return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"
