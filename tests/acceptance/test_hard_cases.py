"""Everything at once, and broken: circles, references to nothing, corrupt rows, swapped names. What can be restored is,
the rest is named, and nobody else suffers.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.json_types import JsonObject
from lrestore.simulator.world.world import Sizes, empty_world, make_world
from tests.acceptance.instance_fixture import InstanceFixture
from tests.acceptance.snapshot import snapshots
from tests.restoration.migration_fixture import MigrationFixture

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SIZES = Sizes(
    users=24,
    groups=8,
    folders=24,
    depth=6,
    looks=24,
    dashboards=20,
    tiles=6,
    filters=2,
    boards=5,
    plans=12,
    everything=True,
)


class Broken:
    """The broken items of a backup, each with words that its dead letter must contain."""

    def __init__(self, instance: InstanceFixture) -> None:
        self.expected: dict[tuple[str, str], tuple[str, ...]] = {}
        self._arena = instance
        world = instance.world if not isinstance(instance, MigrationFixture) else instance.source
        special = ("is_personal", "is_embed", "is_shared_root", "is_users_root")
        self._plain = [one for one in world.table("folder") if one["parent_id"] and not any(map(one.get, special))]
        self.corrupt("look", "2")
        self.corrupt("user", "5")
        self.dangling("3", "7654321")
        self.circle()

    def corrupt(self, kind: str, object_id: str) -> None:
        """A row that is no content."""
        self._arena.spoil(kind, object_id, b"\xc1 no msgpack")
        self.expected[kind, object_id] = ("is corrupt",)

    def dangling(self, dashboard_id: str, look_id: str) -> None:
        """A tile of a look that neither the backup nor the destination has."""
        blob = self._blob("dashboard", dashboard_id)
        tile = next(tile for tile in blob["dashboard_elements"] if tile["type"] == "vis" and tile.get("query_id"))
        for name in ("query", "query_id", "result_maker", "result_maker_id"):
            tile[name] = None
        tile["look_id"] = look_id
        self._arena.back_up("dashboard", dashboard_id, blob)
        self.expected["dashboard", dashboard_id] = (f"look={look_id}", "look_id")

    def circle(self) -> None:
        """Two folders that are each other's parent, in the backup alone."""
        leaves = [one for one in self._plain if not any(other["parent_id"] == one["id"] for other in self._plain)]
        one, other = leaves[0], leaves[1]
        for folder, parent in ((one, other), (other, one)):
            self._arena.back_up(
                "folder", folder["id"], {**self._blob("folder", folder["id"]), "parent_id": parent["id"]}
            )
            self.expected["folder", folder["id"]] = ("circle", f"folder={parent['id']}")
        self.folders = {one["id"], other["id"]}

    def _blob(self, kind: str, object_id: str) -> JsonObject:
        with_source = self._arena.source if isinstance(self._arena, MigrationFixture) else self._arena.world
        from lrestore.simulator.world.backup import blob_of

        record = with_source.get(kind, object_id)
        assert record is not None
        return blob_of(with_source, kind, record)

    def judge(self, letters: list[JsonObject]) -> set[tuple[str, str]]:
        """Every broken item has its dead letter, with the words; returns the others that failed."""
        found = {(letter["type"], letter["id"]): letter["message"] for letter in letters}
        for key, words in self.expected.items():
            assert key in found, key
            for word in words:
                assert word in found[key].lower() or word in found[key], (key, found[key])
        return found.keys() - self.expected.keys()


@pytest.fixture
def here(tmp_path: Path) -> Iterator[InstanceFixture]:
    with InstanceFixture(tmp_path, world=make_world(SIZES)) as instance:
        yield instance


def test_in_the_same_instance_only_what_is_broken_fails(here: InstanceFixture) -> None:
    broken = Broken(here)
    before = snapshots(here.world)
    ran = here.run("--select", "all", "--yes")
    assert ran.code == 1
    assert broken.judge(ran.letters) == set(), "what needs a broken item that is there uses it"
    assert snapshots(here.world) == before
    assert ran.writes == []


def test_swapped_names_and_places_come_back_together_with_all_else(here: InstanceFixture) -> None:
    before = snapshots(here.world)
    for kind in ("group", "role", "folder"):
        one, other = _two(here, kind)
        here.edit(kind, one["id"], name="aside")
        names = one["name"], other["name"]
        here.edit(kind, other["id"], name=names[0])
        here.edit(kind, one["id"], name=names[1])
    assert snapshots(here.world) != before
    here.run("--select", "all", "--yes").all_good()
    assert snapshots(here.world) == before
    assert here.run("--select", "all", "--yes").all_good().writes == []


def _two(instance: InstanceFixture, kind: str) -> list[JsonObject]:
    found = []
    for record in instance.world.table(kind):
        special = record.get("include_by_default") or record.get("is_personal") or record.get("is_embed")
        if not special and record.get("name") != "Admin" and (kind != "folder" or record["parent_id"] == "1"):
            found.append(dict(record))
    assert len(found) > 1, kind
    return found[:2]


def test_into_an_empty_instance_what_needs_the_broken_fails_with_the_whole_chain(tmp_path: Path) -> None:
    with MigrationFixture(tmp_path, source=make_world(SIZES), into=empty_world()) as migration:
        migration.source_lives()
        broken = Broken(migration)
        ran = migration.migrate()
        assert ran.code == 1
        others = broken.judge(ran.letters)
        assert all(letter["name"] for letter in ran.letters), "also of what failed unread, for want of another item"
        failed = {(letter["type"], letter["id"]) for letter in ran.letters}
        for letter in ran.letters:
            if (letter["type"], letter["id"]) in others:
                # What comes back without a part names what that shows, whose own dead letter goes on.
                causes = failed if letter["error_type"] == "IncompleteError" else broken.expected
                assert any(f"{kind}={object_id}" in letter["message"] for kind, object_id in causes), letter
        assert ran.total("created") > ran.total("selected") / 2
        state = snapshots(migration.world)
        again = migration.migrate()
        assert again.writes == [] and broken.judge(again.letters) == others
        assert snapshots(migration.world) == state
