"""A world file made of a backup: each object as it was backed up, and what the objects refer to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from lrestore.cli.rehearsal.stand_ins import FIRST_OWN_ID, StandIns
from lrestore.errors import ItemError, StoppedError
from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey
from lrestore.report.rehearsal import NotSimulated
from lrestore.simulator.core.store import INDEXES
from lrestore.simulator.world.worldfile import COUNTERS
from lrestore.text.storable import to_json
from lrestore.vault.reader import Vault

_TYPES = (
    *("lookml_model", "permission_set", "model_set", "role", "group", "folder", "user"),
    *("look", "dashboard", "board", "scheduled_plan"),
)
"""The types that a world is made of. Looks come before dashboards, whose tiles show a part of them."""


_LAST_ID = 5000
"""New objects of an empty Looker have higher ids, so that these differ from those of the backup."""
_BUILT_IN = 100
"""Room for the ids of what every Looker has."""


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a world file. ``line_of`` are the keys by line, for lines that the simulator refuses."""

    objects: int
    stand_ins: dict[str, int]
    problems: tuple[NotSimulated, ...]
    keys: Sequence[ItemKey | None]


def write_world(
    vault: Vault,
    path: Path,
    needed: Iterable[ItemKey],
    *,
    empty: bool,
    max_item_bytes: int,
    stop: Callable[[], bool] = lambda: False,
) -> Loaded:
    """Write the world file. ``empty``: only what every Looker has, and the LookML models, which come from projects and
    not from a restore. ``needed`` are objects that the settings name. Raises VaultError, OSError, and StoppedError once
    ``stop`` returns True.
    """
    maker = _Maker(vault, max_item_bytes, stop, empty=empty)
    with path.open("w", encoding="utf-8") as file:
        for line in maker.lines(needed):
            file.write(to_json(line) + "\n")
    return Loaded(
        objects=maker.objects,
        stand_ins=dict(maker.stand_ins.made),
        problems=tuple(maker.problems),
        keys=maker.keys,
    )


class _Maker:
    def __init__(self, vault: Vault, max_item_bytes: int, stop: Callable[[], bool], *, empty: bool) -> None:
        self._vault = vault
        self._stop = stop
        self._max_item_bytes = max_item_bytes
        self.objects = 0
        self.problems: list[NotSimulated] = []
        self.keys: list[ItemKey | None] = []
        self._empty = empty
        self.stand_ins = StandIns(_LAST_ID - _BUILT_IN if empty else FIRST_OWN_ID)

    def lines(self, needed: Iterable[ItemKey]) -> Iterator[JsonObject]:
        """The lines of the file; each is numbered in ``keys``."""
        for key, line in self._lines(needed):
            self.keys.append(key)
            yield line

    def _lines(self, needed: Iterable[ItemKey]) -> Iterator[tuple[ItemKey | None, JsonObject]]:
        for type_name in _TYPES:
            for key, shown in self._objects(type_name):
                if self._empty and type_name != "lookml_model":
                    self.stand_ins.note_facts(type_name, shown)
                    continue
                self.objects += 1
                self.stand_ins.note(key, shown)
                yield key, {"type": type_name, "object": shown}
        for key in needed:
            self.stand_ins.need(key)
        if self._empty:
            yield None, {"type": COUNTERS, "object": dict.fromkeys(INDEXES, _LAST_ID)}
        yield from ((None, line) for line in self.stand_ins.lines())

    def _objects(self, type_name: str) -> Iterator[tuple[ItemKey, JsonObject]]:
        for row in self._vault.index([type_name]):
            if self._stop():
                raise StoppedError("interrupted before the rehearsal began")
            try:
                item = self._vault.read(row.key, max_item_bytes=self._max_item_bytes)
            except ItemError as error:
                self.problems.append(NotSimulated(row.key.type, row.key.id, row.name, error.message))
                continue
            # Times become texts, as Looker's API shows them.
            shown: JsonObject = msgspec.json.decode(to_json(item.raw))
            yield row.key, shown


def lines_refused(loaded: Loaded, skipped: Iterable[tuple[int, str]], vault: Vault) -> Iterator[NotSimulated]:
    """The problems of the lines that the simulator did not take: number, counted from 1, and reason."""
    for number, reason in skipped:
        key = loaded.keys[number - 1]
        if key is not None:
            row = vault.row(key)
            yield NotSimulated(key.type, key.id, row.name if row else "", f"cannot be simulated: {reason}")
