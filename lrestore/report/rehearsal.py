"""The part of a report that only rehearsals have, and its text."""

from __future__ import annotations

from typing import Literal

import msgspec

REHEARSE = "rehearse"
"""The mode of rehearsals in the report."""


class NotSimulated(msgspec.Struct, frozen=True):
    """An object of the backup that the simulated Looker does not hold, with the reason."""

    type: str
    id: str
    name: str
    message: str


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """How a restore was rehearsed. ``objects`` of the backup were in the simulated Looker, and ``stand_ins``, by type,
    for those that they refer to and the backup lacks. ``latency_ms`` (of some operations ``latencies_ms``) and
    ``per_second`` (0: no limit) were simulated, ``pace`` says where they come from. ``undo_bytes`` and ``state_bytes``:
    the disk that undo copies and state took.
    """

    world: Literal["backup", "empty"]
    objects: int
    stand_ins: dict[str, int]
    latency_ms: float
    per_second: float
    pace: str
    undo_bytes: int
    state_bytes: int
    problems: tuple[NotSimulated, ...] = ()
    latencies_ms: dict[str, float] = {}
