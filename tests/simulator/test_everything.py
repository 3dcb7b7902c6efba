"""The world with everything in it and the empty one, for tests of migrations."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from lrestore.simulator.core.store import World
from lrestore.simulator.world.edits import remove_tree
from lrestore.simulator.world.world import Sizes, empty_world, make_world
from tests.acceptance.snapshot import SCHEMAS, snapshots

SIZES = Sizes(users=30, groups=4, folders=12, depth=6, looks=10, dashboards=12, tiles=6, boards=3, plans=8)
LINK = re.compile(r"/(dashboards|looks)/(\w+)")


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(replace(SIZES, everything=True))


def test_users_log_in_in_every_way(world: World) -> None:
    users = list(world.table("user"))
    for kind in ("saml", "ldap", "google", "oidc"):
        assert any(user.get(f"credentials_{kind}") for user in users), kind
    embedded = [user for user in users if user["credentials_embed"]]
    assert embedded and all(user["email"] is None for user in embedded)
    assert any(user["is_disabled"] for user in users)


def test_folders_lie_deep(world: World) -> None:
    parents = {folder["id"]: folder["parent_id"] for folder in world.table("folder")}

    def depth(folder_id: str) -> int:
        above = parents[folder_id]
        return 0 if above is None else 1 + depth(above)

    assert max(map(depth, parents)) >= 5


def test_dashboards_link_to_each_other_in_a_circle_by_id_and_by_slug(world: World) -> None:
    dashboards = {one["id"]: one["slug"] for one in world.table("dashboard")}
    texts = "".join(str(tile["body_text"]) for tile in world.table("dashboard_element"))
    named = {name for kind, name in LINK.findall(texts) if kind == "dashboards"}
    assert named & dashboards.keys() and named & set(dashboards.values())
    assert {name for kind, name in LINK.findall(texts) if kind == "looks"} <= {one["id"] for one in world.table("look")}


def test_boards_have_sections_out_of_the_order_of_their_ids(world: World) -> None:
    assert list(world.table("board"))
    for board in world.table("board"):
        assert len(board["section_order"]) > 1
        assert board["section_order"] != sorted(board["section_order"], key=int)


def test_plans_show_dashboards_looks_and_queries(world: World) -> None:
    plans = list(world.table("scheduled_plan"))
    for target in ("dashboard_id", "look_id", "query_id"):
        assert any(plan[target] for plan in plans), target


def test_a_world_without_everything_is_unchanged(world: World) -> None:
    plain = make_world(SIZES)
    assert not any(user.get("credentials_saml") for user in plain.table("user"))
    assert snapshots(plain) == snapshots(make_world(SIZES))
    assert snapshots(plain) != snapshots(world)


def test_an_empty_instance_has_only_lookers_own_objects() -> None:
    empty = empty_world()
    found = {kind: len(list(empty.table(kind))) for kind in SCHEMAS}
    assert found["user"] == 1
    assert all(found[kind] == 0 for kind in ("dashboard", "look", "board", "scheduled_plan"))
    assert found["lookml_model"] and any(folder["is_shared_root"] for folder in empty.table("folder"))
    assert not any(count for kind, count in snapshots(empty).items() if kind not in ("user", "lookml_model"))


def test_new_objects_of_an_empty_instance_have_distinct_ids() -> None:
    empty = empty_world(first_id=7000)
    assert {empty.new_id(kind) for kind in ("dashboard", "look", "user", "folder", "query")} == {"7000"}


def test_removed_objects_are_in_no_group_or_role() -> None:
    world = make_world(SIZES)
    edges = world.edges["group_user"]
    group, member = next(
        (group["id"], users[0]) for group in world.table("group") if (users := edges.rights(group["id"]))
    )
    remove_tree(world, "user", member)
    assert member not in edges.rights(group) and not edges.lefts(member)
    group, role = next(
        (groups[0], role["id"]) for role in world.table("role") if (groups := _groups(world, role["id"]))
    )
    remove_tree(world, "group", group)
    assert group not in _groups(world, role) and not edges.rights(group)


def _groups(world: World, role_id: str) -> list[str]:
    return world.edges["role_group"].rights(role_id)
