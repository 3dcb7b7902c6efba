"""How fast the simulated Looker answers: as the destination answered its last session, or as is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lrestore.settings import Settings
from lrestore.state.connection import has_records
from lrestore.state.read import StateReader
from lrestore.state.records import Pace

ASSUMED_MS = 100.0
"""The latency where no session of the destination is known: Looker usually needs 50 to 300 ms for a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """The pace of a rehearsal. ``per_second``: 0 without a limit. ``sources`` says where the numbers come from;
    ``release``: the Looker release of the last session, "" if none is known. ``latencies_ms``: by operation, where they
    are known; ``latency_ms`` for all others.
    """

    latency_ms: float
    per_second: float
    sources: str
    release: str = ""
    latencies_ms: Mapping[str, float] = field(default_factory=dict)


def rehearsal_pace(settings: Settings, latency_ms: float | None) -> Rehearsed:
    """The pace for these settings; ``latency_ms``, if given, replaces what was met. Raises StateError if the state file
    cannot be read.
    """
    met = _last(settings)
    asked = settings.rate.per_second
    sources = []
    if latency_ms is not None:
        sources.append("latency as asked for")
    elif met is not None:
        sources.append(f"operations that session {met.session_id} used often take as long as there")
    else:
        sources.append("latency assumed, since no session of this destination is recorded (--rehearse-latency sets it)")
    if asked:
        sources.append("rate as set ([rate] per_second)")
    elif met is not None and met.per_second:
        sources.append(f"rate as {settings.destination.name} admitted it then")
    latency = latency_ms if latency_ms is not None else met.latency_ms if met is not None else ASSUMED_MS
    return Rehearsed(
        latency_ms=latency,
        per_second=asked or (met.per_second if met is not None else 0.0),
        sources="; ".join(sources),
        release=met.looker_version if met is not None else "",
        latencies_ms=met.latencies_ms if met is not None and latency_ms is None else {},
    )


def _last(settings: Settings) -> Pace | None:
    state = Path(settings.state.path)
    if not settings.destination.name or not has_records(state):
        return None
    with StateReader.open(state) as reader:
        return reader.last_pace(settings.destination.name)
