"""Match the parts of a backed-up object (tiles, filters, layouts) with those of the live one.

Three passes, surest first: by id where ids hold, by recorded mapping, by content. What is left over on the live side is
extra; what is left over on the backup's side is to be created. Nothing is matched twice, nor with a part of another
kind: Looker does not make a text of a chart.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

from lrestore.json_types import JsonObject

ContentKey = Callable[[JsonObject], Hashable]


@dataclass(slots=True)
class Matching:
    """``live_of`` gives the live part for the position of a backed-up one; ``extra`` are live parts without any."""

    live_of: dict[int, JsonObject] = field(default_factory=dict)
    extra: list[JsonObject] = field(default_factory=list)


def match_parts(
    backed_up: Sequence[JsonObject],
    live: Sequence[JsonObject],
    *,
    mapped: Callable[[str], str | None],
    ids_hold: bool,
    keys: Sequence[tuple[ContentKey, ContentKey]],
    kind: ContentKey | None = None,
) -> Matching:
    """Pair up parts. ``keys``: (key of a backed-up part, key of a live part) by content, strictest first; a key of None
    matches nothing. ``kind``: what must be equal in any case, asked of parts of both sides.
    """
    matching = Matching()
    free = {str(part["id"]): part for part in live}

    def alike(index: int, live_id: str) -> bool:
        return kind is None or kind(backed_up[index]) == kind(free[live_id])

    def take(index: int, live_id: str | None) -> None:
        if live_id in free and index not in matching.live_of and alike(index, live_id):
            matching.live_of[index] = free.pop(live_id)

    if ids_hold:
        for index, part in enumerate(backed_up):
            take(index, str(part.get("id")))
    for index, part in enumerate(backed_up):
        if index not in matching.live_of:
            take(index, mapped(str(part.get("id"))))
    for ours, theirs in keys:
        _by_content(backed_up, free, take, matching, _within(kind, ours, theirs))
    matching.extra = list(free.values())
    return matching


def _within(kind: ContentKey | None, ours: ContentKey, theirs: ContentKey) -> tuple[ContentKey, ContentKey]:
    """The two keys, each with the kind of the part."""
    if kind is None:
        return ours, theirs
    sort: ContentKey = kind

    def of(key: ContentKey) -> ContentKey:
        return lambda part: None if (found := key(part)) is None else (sort(part), found)

    return of(ours), of(theirs)


def _by_content(
    backed_up: Sequence[JsonObject],
    free: dict[str, JsonObject],
    take: Callable[[int, str | None], None],
    matching: Matching,
    keys: tuple[ContentKey, ContentKey],
) -> None:
    ours, theirs = keys
    waiting: dict[Hashable, list[str]] = {}
    for live_id, part in free.items():
        waiting.setdefault(theirs(part), []).append(live_id)
    for index, part in enumerate(backed_up):
        if not waiting:
            return
        if index not in matching.live_of and (key := ours(part)) is not None and waiting.get(key):
            take(index, waiting[key].pop(0))
