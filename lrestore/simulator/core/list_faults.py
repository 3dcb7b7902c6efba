"""Faults of listings and searches: answers that look right and do not hold all that was asked for."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from lrestore.simulator.core.faults import Fault
from lrestore.simulator.core.store import World

_NAMES = frozenset({"fields", "sorts"})
"""Parameters that are lists of names in every version of Looker."""
_TYPES = {"dashboards": "dashboard", "looks": "look"}


def query_as_understood(fault: Fault, query: bytes) -> bytes:
    """The query as a server takes it that ignores a parameter (``ignore:offset``)."""
    if fault.action != "ignore":
        return query
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    return urlencode([pair for pair in pairs if pair[0] != fault.text]).encode("latin-1")


def answer_as_given(fault: Fault, query: bytes, operation: str, body: bytes, world: World) -> bytes:
    """The rows that are left of an answer: the ``first:N``, none for a list of ids (``no_lists``), those outside of the
    trash (``no_trash``), or those of objects that are older than ``lag:SECONDS``.
    """
    rows = json.loads(body)
    if not isinstance(rows, list):
        return body
    if fault.action == "first":
        rows = rows[: int(fault.number or 0)]
    elif fault.action == "no_lists" and _has_list(query):
        rows = []
    elif fault.action == "no_trash":
        rows = [row for row in rows if not row.get("deleted")]
    elif fault.action == "lag":
        rows = _older(rows, operation, world, datetime.now(UTC) - timedelta(seconds=fault.number or 0))
    return json.dumps(rows).encode()


def _has_list(query: bytes) -> bool:
    return any("," in value for name, value in parse_qsl(query.decode("latin-1")) if name not in _NAMES)


def _older(rows: list[Any], operation: str, world: World, than: datetime) -> list[Any]:
    table = world.table(_TYPES[operation.rpartition("_")[2]])
    born = {str(record["id"]): datetime.fromisoformat(str(record["created_at"])) for record in table}
    return [row for row in rows if born[str(row["id"])] < than]
