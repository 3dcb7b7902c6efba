"""One kind of change after the other is restored, undone, and the undo undone: the instance is as it was each time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lrestore.simulator.core.store import Record, World
from lrestore.simulator.world.edits import Edit, edit
from lrestore.simulator.world.world import Sizes, make_world
from tests.acceptance.instance_fixture import InstanceFixture
from tests.acceptance.snapshot import snapshots
from tests.acceptance.test_all_types import difference
from tests.acceptance.test_undo import Snapshots, undo
from tests.simulator.direct import Direct

pytestmark = [pytest.mark.slow]

SMALL = Sizes(
    users=6, groups=5, folders=6, depth=2, looks=8, dashboards=6, tiles=4, filters=2, boards=3, plans=4, everything=True
)


def made(world: World, kind: str) -> list[Record]:
    """Objects that people made."""
    found = [one for one in world.table(kind) if not one.get("built_in") and not one.get("include_by_default")]
    found = [one for one in found if (kind, one.get("name")) != ("role", "Admin")]
    return [one for one in found if not one.get("deleted") and not one.get("deleted_at")]


def change(world: World, kind: str, one: Record, **fields: object) -> None:
    edit(world, Edit(type=kind, id=one["id"], set=fields))


def swap(kind: str, name: str) -> Callable[[World], None]:
    """Two objects swap a field that is unique."""

    def swapped(world: World) -> None:
        first, second = made(world, kind)[:2]
        old = first[name]
        change(world, kind, first, **{name: second[name]})
        change(world, kind, second, **{name: old})

    return swapped


def dashboards_in_the_trash(world: World) -> None:
    """With other tiles and filters than in the backup."""
    looker = Direct(world)
    for dashboard in made(world, "dashboard")[:2]:
        for tile in world.table("dashboard_element").where("dashboard_id", dashboard["id"])[:2]:
            change(world, "dashboard_element", tile, title=f"drifted {tile['id']}", subtitle_text="drifted")
        looker.patch(f"/dashboards/{dashboard['id']}", {"deleted": True})
        assert looker.status == 200


def looks_in_the_trash_that_tiles_show(world: World) -> None:
    looker = Direct(world)
    shown = {tile["look_id"] for tile in world.table("dashboard_element") if tile["look_id"]}
    for look_id in sorted(shown)[:2]:
        looker.patch(f"/looks/{look_id}", {"deleted": True, "description": "in the trash"})
        assert looker.status == 200
    for dashboard in made(world, "dashboard"):
        change(world, "dashboard", dashboard, description="drifted")


def a_board_in_the_trash(world: World) -> None:
    looker = Direct(world)
    board = made(world, "board")[0]
    looker.patch(f"/boards/{board['id']}", {"title": "drifted", "deleted_at": "2026-02-03T04:05:06.000Z"})
    assert looker.status == 200


def sections_and_items(world: World) -> None:
    for section in list(world.table("board_section"))[:2]:
        change(world, "board_section", section, title=f"drifted {section['id']}")
    gone = list(world.table("board_item"))[1]
    edit(world, Edit(type="board_item", id=gone["id"], delete=True))
    looker = Direct(world)
    section = looker.post("/board_sections", {"board_id": made(world, "board")[0]["id"], "title": "by hand"})
    for number in range(2):
        item = {"board_section_id": section["id"], "custom_url": f"/explore/{number}", "use_custom_url": True}
        looker.post("/board_items", item)
        assert looker.status == 200


def a_user_without_login_and_home(world: World) -> None:
    user = next(one for one in made(world, "user") if one["credentials_email"] and one["id"] != "1")
    change(world, "user", user, credentials_email=None, email=None, home_folder_id=None)


def memberships_and_roles(world: World) -> None:
    users = [one for one in made(world, "user") if one["id"] != "1"]
    for name in ("group_user", "role_user"):
        edges = world.edges[name]
        for user in users[:3]:
            for left in list(edges.lefts(user["id"]))[:1]:
                edges.drop(left, user["id"])


def tiles_were_deleted_and_others_made(world: World) -> None:
    dashboard = next(one for one in made(world, "dashboard"))
    tiles = world.table("dashboard_element").where("dashboard_id", dashboard["id"])
    looker = Direct(world)
    looker.delete(f"/dashboard_elements/{tiles[0]['id']}")
    looker.post("/dashboard_elements", {"dashboard_id": dashboard["id"], "type": "text", "title_text": "by hand"})
    assert looker.status == 200


def a_filter_was_renamed(world: World) -> None:
    one = next(iter(world.table("dashboard_filter")))
    change(world, "dashboard_filter", one, title="drifted", default_value="drifted")


def plans_were_switched_off(world: World) -> None:
    for plan in made(world, "scheduled_plan"):
        change(world, "scheduled_plan", plan, enabled=not plan["enabled"], crontab="1 1 * * *")


CASES: dict[str, Callable[[World], None]] = {
    "titles of looks swapped": swap("look", "title"),
    "titles of dashboards swapped": swap("dashboard", "title"),
    "slugs of dashboards swapped": swap("dashboard", "slug"),
    "names of groups swapped": swap("group", "name"),
    "names of roles swapped": swap("role", "name"),
    "dashboards in the trash": dashboards_in_the_trash,
    "looks in the trash that tiles show": looks_in_the_trash_that_tiles_show,
    "a board in the trash": a_board_in_the_trash,
    "sections and items": sections_and_items,
    "a user without login and home": a_user_without_login_and_home,
    "memberships and roles": memberships_and_roles,
    "tiles deleted and made": tiles_were_deleted_and_others_made,
    "a filter renamed": a_filter_was_renamed,
    "plans switched": plans_were_switched_off,
}


def a_world() -> World:
    """Its content lies in one folder, so that titles clash."""
    world = make_world(SMALL)
    for kind in ("dashboard", "look"):
        first, *others = made(world, kind)
        for one in others:
            change(world, kind, one, folder_id=first["folder_id"])
    return world


@pytest.mark.parametrize("case", CASES)
def test_a_change_is_restored_undone_and_done_again(tmp_path: Path, case: str) -> None:
    with InstanceFixture(tmp_path, world=a_world()) as instance:
        CASES[case](instance.world)
        before = snapshots(instance.world)
        restored = instance.run("--select", "all", "--yes").all_good()
        as_restored = snapshots(instance.world)
        assert difference(before, as_restored), "nothing was restored"
        undone = undo(instance, restored).all_good()
        assert difference(before, snapshots(instance.world)) == {}
        undo(instance, undone).all_good()
        assert difference(as_restored, snapshots(instance.world)) == {}


def told(before: Snapshots, after: Snapshots) -> dict[str, tuple[list[str], ...]]:
    return difference(before, after)
