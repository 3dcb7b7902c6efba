"""Changes to a whole instance after its backup: objects of every type drift, and a third of them is deleted."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

from lrestore.simulator.core.store import Record, World
from lrestore.simulator.world.drift import drift
from lrestore.simulator.world.edits import Edit, edit
from tests.simulator.direct import Direct

_RENAMED = {
    "user": ("first_name", "locale"),
    "group": ("name",),
    "role": ("name",),
    "permission_set": ("name",),
    "model_set": ("name",),
    "folder": ("name",),
    "look": ("title", "description"),
    "board": ("title", "description"),
    "scheduled_plan": ("name", "crontab"),
}
_SWITCHES = {"user": "is_disabled", "scheduled_plan": "enabled", "look": "is_run_on_load"}

DELETED = {
    "scheduled_plan": "/scheduled_plans/{}",
    "board": "/boards/{}",
    "dashboard": "/dashboards/{}",
    "look": "/looks/{}",
    "user": "/users/{}",
    "group": "/groups/{}",
}
"""Types of which a third is deleted, and how: what shows the others goes first."""


def drift_everywhere(world: World, seed: int = 3) -> Counter[str]:
    """Rename, rewrite and switch some objects of every type; how many of each were touched."""
    chance = random.Random(seed)
    touched = Counter(dashboard=len(drift(world, seed=seed, share=0.4)))
    for kind, names in _RENAMED.items():
        for number, record in enumerate(list(_peoples(world, kind))):
            if number == 0 or chance.random() < 1 / 3:
                name = chance.choice(names)
                edit(world, Edit(type=kind, id=record["id"], set={name: _other(name, record)}))
                touched[kind] += 1
    for kind, name in _SWITCHES.items():
        for record in list(_peoples(world, kind)):
            if chance.random() < 1 / 5:
                edit(world, Edit(type=kind, id=record["id"], set={name: not record[name]}))
                touched[kind] += 1
    for model in list(world.table("lookml_model"))[:2]:
        edit(world, Edit(type="lookml_model", id=model["name"], set={"allowed_db_connection_names": []}))
        touched["lookml_model"] += 1
    return touched


def _other(name: str, record: Record) -> str:
    return {"locale": "de", "crontab": "30 3 * * *"}.get(name, f"drifted {record['id']}")


def _peoples(world: World, kind: str) -> Iterator[Record]:
    """Objects that people made: none of Looker's own, not the admin who restores."""
    for record in world.table(kind):
        of_looker = record.get("built_in") or record.get("all_access") or record.get("include_by_default")
        rooted = kind == "folder" and (record["parent_id"] is None or record["is_personal"] or record["is_embed"])
        admin = (kind, record.get("id")) == ("user", "1") or (kind, record.get("name")) == ("role", "Admin")
        if not (of_looker or rooted or admin):
            yield record


def delete_a_third(world: World, seed: int = 5, *, spared: frozenset[str] = frozenset()) -> Counter[str]:
    """Delete a third of the content and people through the API, by its rules; how many of each type are gone, those
    included that Looker took along.
    """
    chance = random.Random(seed)
    looker = Direct(world)
    before = {kind: {record["id"] for record in world.table(kind)} for kind in DELETED}
    for kind, path in ((kind, path) for kind, path in DELETED.items() if kind not in spared):
        for record in list(_peoples(world, kind)):
            if chance.random() < 1 / 3 and world.get(kind, record["id"]) is not None:
                answer = looker.delete(path.format(record["id"]))
                assert looker.status in (200, 204), answer
    return Counter({kind: len(ids - {record["id"] for record in world.table(kind)}) for kind, ids in before.items()})
