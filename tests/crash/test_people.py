"""Users killed in the making: no natural key, several calls each, and still nobody twice, nobody half."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator

import msgspec
import pytest

from lrestore.simulator.core.store import World
from lrestore.simulator.world.world import Sizes
from lrestore.state.read import StateReader
from tests.crash.bulk import Bulk, Verdict, kill

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(900)]

VICTIMS = ("worker", "worker", "writer", "coordinator", "group")


class Crowd(Bulk):
    """Every other user is gone, the rest have other names; a group and a role are gone."""

    sizes = Sizes(users=90, groups=6, folders=3, depth=2, looks=2, dashboards=1, tiles=2, filters=1, boards=0, plans=0)
    types = ("user", "group", "role", "permission_set", "model_set")

    def drift(self, world: World) -> None:
        for number, user in enumerate(list(world.table("user"))):
            if number % 2:
                _gone(world, "user", user["id"])
            elif number:
                world.table("user").change(user["id"], {"first_name": "Drifted"})
        for kind in ("group", "role"):
            _gone(world, kind, "3")

    def verdict(self) -> Verdict:
        with StateReader.open(self.directory / "state.db") as reader:
            totals = msgspec.to_builtins(reader.session().totals)
        state = self.simulator.state()
        names = {(kind, one["id"]): str(one["name"]) for kind in ("group", "role") for one in state[kind]}
        users: Counter[str] = Counter()
        for user in state["user"]:
            groups = sorted(names["group", one] for one in user["group_ids"])
            roles = sorted(names["role", one] for one in user["role_ids"])
            shown = [user[name] for name in ("first_name", "last_name", "email", "is_disabled", "locale")]
            users[repr((shown, groups, roles))] += 1
        sets = {kind: Counter(str(one["name"]) for one in state[kind]) for kind in ("group", "role")}
        return Verdict(totals, {"user": users, **sets})


def _gone(world: World, kind: str, key: str) -> None:
    world.table(kind).remove(key)
    for name, edges in world.edges.items():
        left, right = name.split("_")[:1] == [kind], name.split("_")[-1:] == [kind]
        edges.forget(left=key if left else None, right=key if right else None)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    made = Crowd(tmp_path_factory.mktemp("crowd"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def undisturbed(crowd: Crowd) -> Verdict:
    crowd.begin_anew()
    assert crowd.finish(crowd.restore()) == 0
    return crowd.verdict()


def test_killed_with_lost_answers_nobody_is_lost_or_doubled(crowd: Crowd, undisturbed: Verdict, few: int) -> None:
    chance = random.Random(few)
    crowd.begin_anew()
    for method in ("POST", "PATCH", "PUT"):
        crowd.simulator.fault("reset_after", match={"method": method, "rate": 0.03})
    process = crowd.restore()
    time.sleep(chance.uniform(0.7, 2.2))
    victim = chance.choice(VICTIMS)
    if process.poll() is None:
        kill(process, victim, chance.choice)
    crowd.finish(process)
    crowd.simulator.call("DELETE", "faults")
    crowd.judge(undisturbed)
    assert crowd.writes_of(crowd.restore()) == 0
