"""How long tests wait for something that must come: long enough for any machine, so that only a hang ends it."""

from __future__ import annotations

HANG_S = 600.0
