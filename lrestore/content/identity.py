"""When is a live object "the same" as a backed-up one? Pure decisions over facts that others read.

An id alone proves nothing: every instance counts from 1. Looker never changes an object's ``created_at``, so it is the
proof: once for the whole destination (:func:`judge_instance`), and again for each object (:func:`same_origin`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from lrestore.content.canonical import parse_moment
from lrestore.messages import ItemKey

Instance = Literal["same", "other", "undecided"]

NaturalKey = Mapping[str, str | None]
"""The fields that identify an object within an instance, as texts; their names are those of the ontology."""

SAMPLE_SIZE = 50
"""Objects compared before the first write: enough to outvote ids given anew after a rollback, cheap to read in bulk."""

_TOLERANCE = timedelta(seconds=1)
"""Some answers round to whole seconds."""


@dataclass(frozen=True, slots=True)
class Specimen:
    """One backed-up object of the sample, and the ``created_at`` of the live object with its id (None: there is
    none).
    """

    key: ItemKey
    name: str
    backup_created_at: object
    live_created_at: object
    exists: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether the destination is the instance that the backup came from, with the evidence."""

    instance: Instance
    agree: int = 0
    disagree: int = 0
    absent: int = 0
    evidence: tuple[str, ...] = field(default=())


def same_origin(backup_created_at: object, live_created_at: object) -> bool | None:
    """Whether both sides have the same ``created_at``; None where one of them lacks it."""
    ours, theirs = parse_moment(backup_created_at), parse_moment(live_created_at)
    if ours is None or theirs is None:
        return None
    return abs(ours - theirs) < _TOLERANCE


def judge_instance(sample: Iterable[Specimen]) -> Judgement:
    """Compare a sample of backed-up objects with the live objects of the same ids.

    More agree than disagree: the same instance. Otherwise, if any disagrees: another. Nothing to compare: undecided.
    """
    agree = disagree = absent = 0
    evidence: list[str] = []
    for specimen in sample:
        verdict = same_origin(specimen.backup_created_at, specimen.live_created_at)
        if not specimen.exists:
            absent += 1
        elif verdict is True:
            agree += 1
        elif verdict is False:
            disagree += 1
            evidence.append(
                f"{specimen.key} ({specimen.name!r}): created {specimen.backup_created_at} in the backup, "
                f"{specimen.live_created_at} in the destination"
            )
    instance: Instance = "undecided"
    if agree > disagree:
        instance = "same"
    elif disagree:
        instance = "other"
    return Judgement(instance, agree, disagree, absent, tuple(evidence))
