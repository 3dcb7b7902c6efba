"""The one name for what an API call takes and gives: JSON that has been decoded into Python's own types."""

from __future__ import annotations

from typing import Any

JsonObject = dict[str, Any]
"""A JSON object: field names to values that are JSON again."""
