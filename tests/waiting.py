"""How long tests wait for something that must come: long enough for any machine, so that only a hang ends it."""

from __future__ import annotations

HANG_S = 600.0

GONE_WITHIN_S = 20.0
"""Ten times as long as processes may outlive their coordinator: one that stays for ever does not pass."""
