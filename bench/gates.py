"""The thresholds of ``gates.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path

GATES: dict[str, dict[str, float]] = tomllib.loads((Path(__file__).parent / "gates.toml").read_text(encoding="utf-8"))
"""Section → name → threshold."""
