"""The same result against a Looker that answers in other ways than the simulator does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from lrestore.json_types import JsonObject
from lrestore.simulator.core.views import render
from lrestore.simulator.world.drift import SMALL_EDITS
from tests.acceptance import variants
from tests.acceptance.instance_fixture import SMALL, InstanceFixture
from tests.acceptance.proxy import Exchange

Twist = Callable[[Exchange], None]
SELECTED = ("--select", "look=1,2,3", "--select", "dashboard", "--select", "group=3")

BEFORE: Sequence[Twist] = (
    variants.fields_are_ignored,
    variants.searches_take_one_id,
    variants.searches_hide_the_trash,
    variants.pages_are_of_seven,
    variants.versions_are_unknown,
    variants.unknown_parameters_are_refused,
)
AFTER: Sequence[Twist] = (
    variants.ids_are_numbers,
    variants.nulls_are_left_out,
    variants.alerts_are_not_counted,
    variants.moments_are_whole_seconds,
    variants.searches_show_no_parts,
    variants.the_trash_is_not_read,
    variants.the_trash_shows_no_parts,
    variants.writes_answer_the_id_alone,
    variants.creates_answer_201,
    variants.deletes_answer_text,
    variants.lists_come_in_another_order,
    variants.listings_leave_one_out,
    variants.roles_embed_their_sets,
    variants.models_are_listed_without_explores,
)
NAMES = {variant: name for name, variant in vars(variants).items() if callable(variant)}
CASES: list[tuple[Sequence[Twist], Sequence[Twist]]] = [
    *(((variant,), ()) for variant in BEFORE),
    *(((), (variant,)) for variant in AFTER),
    ((), (variants.the_trash_is_not_read, variants.searches_show_no_parts)),
    ((variants.searches_hide_the_trash,), (variants.the_trash_is_not_read, variants.the_trash_shows_no_parts)),
]


def wounded(instance: InstanceFixture) -> None:
    """One dashboard drifted, one in the trash and drifted, one gone; looks and a group likewise."""
    first, second, third = instance.world.table("dashboard")
    for change in SMALL_EDITS:
        change(instance.world, first)
        change(instance.world, second)
    instance.edit("dashboard", second["id"], deleted=True)
    instance.delete("dashboard", third["id"])
    instance.edit("look", "1", title="Changed")
    instance.edit("look", "2", deleted=True)
    instance.delete("look", "3")
    instance.edit("group", "3", name="Changed")


def standing(instance: InstanceFixture) -> JsonObject:
    """The objects of the instance, by content."""
    found: JsonObject = {"looks": Counter(), "groups": Counter(row["name"] for row in instance.world.table("group"))}
    for look in instance.world.table("look"):
        found["looks"][look["title"], look["folder_id"], look["query_id"], look["deleted"]] += 1
    for dashboard in instance.world.table("dashboard"):
        live = render(instance.world, "dashboard", dashboard, "Dashboard")
        tiles = {
            tile["id"]: str((tile["type"], tile["title"], tile["body_text"])) for tile in live["dashboard_elements"]
        }
        found[live["slug"]] = (
            live["title"],
            live["deleted"],
            Counter((tiles[tile["id"]], tile["note_text"]) for tile in live["dashboard_elements"]),
            Counter((part["name"], part["default_value"]) for part in live["dashboard_filters"]),
            Counter(
                (tiles[part["dashboard_element_id"]], part["row"], part["column"], part["width"], part["height"])
                for layout in live["dashboard_layouts"]
                for part in layout["dashboard_layout_components"]
            ),
        )
    return found


@pytest.mark.parametrize(
    ("before", "after"),
    CASES,
    ids=["+".join(NAMES[variant] for variant in (*before, *after)) for before, after in CASES],
)
def test_everything_is_as_backed_up_and_nothing_is_doubled(
    instance: InstanceFixture, before: Sequence[Twist], after: Sequence[Twist]
) -> None:
    """B4: and a second run finds nothing to write; an undo finds everything as it was before the first."""
    expected = standing(instance)
    ids = {record["slug"]: record["id"] for record in instance.world.table("dashboard")}
    wounded(instance)
    there = {record["slug"] for record in instance.world.table("dashboard")}
    lost = standing(instance)
    instance.through(before=before, after=after)

    restored = instance.run(*SELECTED).all_good()

    assert standing(instance) == expected
    kept = {record["slug"]: record["id"] for record in instance.world.table("dashboard") if record["slug"] in there}
    assert kept == {slug: ids[slug] for slug in there}, "what was there keeps its id, in the trash or not"
    verified = instance.run(*SELECTED, "--verify")
    assert verified.report["verify"]["different"] == [] and verified.code == 0
    assert instance.run(*SELECTED).all_good().writes == []

    instance.run("--undo", restored.report["session_id"], "--undo-created", "delete").all_good()
    assert standing(instance) == lost


def test_tiles_that_the_trash_does_not_show_are_not_made_again(instance: InstanceFixture) -> None:
    """Taken out of the trash first, then read, then compared: the tiles keep their ids, and the copy is kept before."""
    ids = {tile["id"] for tile in instance.parts("dashboard_element", "1")}
    instance.edit("dashboard_element", min(ids, key=int), note_text="Changed")
    instance.edit("dashboard", "1", deleted=True)
    instance.through(after=[variants.the_trash_is_not_read, variants.the_trash_shows_no_parts])
    planned = instance.run("--select", "dashboard=1", "--plan").all_good()
    assert any("trash" in warning for warning in planned.report["warnings"])
    ran = instance.run("--select", "dashboard=1").all_good()
    assert [call.operation for call in ran.writes] == ["update_dashboard", "update_dashboard_element"]
    assert {tile["id"] for tile in instance.parts("dashboard_element", "1")} == ids


def test_a_look_that_was_renamed_and_trashed_is_found_by_its_id(instance: InstanceFixture) -> None:
    instance.edit("look", "1", title="Renamed", folder_id="1", deleted=True)
    instance.through(after=[variants.the_trash_is_not_read])
    ran = instance.run("--select", "look=1").all_good()
    assert [call.path for call in ran.writes] == ["/looks/1"] and ran.total("updated") == 1


@pytest.mark.parametrize("release", ["22.20.0", "24.0.5", "25.16.1", "26.4.2"])
def test_an_older_looker_is_sent_nothing_that_it_does_not_know(instance: InstanceFixture, release: str) -> None:
    """Parts that cannot be restored there are omitted with a warning, and the second run writes nothing."""
    instance.simulator.simulation.configure(instance.simulator.config.__class__(release=release, keep_bodies=True))
    wounded(instance)
    ran = instance.run(*SELECTED).all_good()
    assert any("cannot set the owner" in warning for warning in ran.report["warnings"])
    assert ("has no extension_id" in " ".join(ran.report["warnings"])) == (release < "23")
    assert instance.run(*SELECTED).all_good().writes == []


def test_an_owner_that_looker_silently_leaves_as_it_is_is_told(instance: InstanceFixture) -> None:
    """Some releases show a field as writable and ignore it; so does a proxy that cleans bodies."""

    def keeps_owners(exchange: Exchange) -> None:
        if exchange.method == "PATCH" and exchange.path.startswith("/dashboards/"):
            exchange.body.pop("user_id", None)

    right = instance.world.get("dashboard", "1")
    assert right is not None
    owner, other = (
        right["user_id"],
        next(one["id"] for one in instance.world.table("user") if one["id"] != right["user_id"]),
    )
    instance.edit("dashboard", "1", title="Changed", user_id=other)
    instance.through(before=[keeps_owners])
    ran = instance.run("--select", "dashboard=1").all_good()
    (told,) = (warning for warning in ran.report["warnings"] if "did not take" in warning)
    assert "user_id" in told and repr(other) in told and repr(owner) in told


def test_a_tile_that_lands_on_the_first_tab_is_moved_to_its_own(tmp_path: Path) -> None:
    """Whether a tile that names no tab lands on all of them or on one is nowhere said."""
    with InstanceFixture(tmp_path, sizes=replace(SMALL, dashboards=3, tabbed=2)) as instance:
        table = instance.world.table("dashboard_layout_component")

        def on_one_tab(exchange: Exchange) -> None:
            if not exchange.path.startswith("/dashboard_elements") or exchange.status >= 300:
                return
            tile = exchange.answer
            (first, *_) = layouts = instance.parts("dashboard_layout", tile["dashboard_id"])
            home = (exchange.body or {}).get("dashboard_layout_id") or (exchange.method == "POST" and first["id"])
            for layout in layouts if home else ():
                for place in table.where("dashboard_layout_id", layout["id"]):
                    if place["dashboard_element_id"] == tile["id"]:
                        table.change(place["id"], {"dashboard_layout_id": home})

        tabbed = next(
            one for one in instance.world.table("dashboard") if len(instance.parts("dashboard_layout", one["id"])) > 1
        )
        before = seen_on_tabs(instance, tabbed["id"])
        instance.delete("dashboard", tabbed["id"])
        instance.through(after=[on_one_tab])
        ran = instance.run("--select", f"dashboard={tabbed['id']}").all_good()
        (made,) = (one["id"] for one in instance.world.table("dashboard") if one["slug"] == tabbed["slug"])
        assert seen_on_tabs(instance, made) == before and len(before) > 1
        assert not any("no place" in warning for warning in ran.report["warnings"])


def seen_on_tabs(instance: InstanceFixture, dashboard_id: str) -> dict[str, set[str]]:
    """Which tiles are to be seen on which tab, by their titles."""
    found = {}
    for layout in instance.parts("dashboard_layout", dashboard_id):
        places = instance.world.table("dashboard_layout_component").where("dashboard_layout_id", layout["id"])
        shown = [
            instance.world.get("dashboard_element", one["dashboard_element_id"]) for one in places if not one["deleted"]
        ]
        found[layout["label"]] = {f"{tile['title']} {tile['title_text']} {tile['body_text']}" for tile in shown if tile}
    return found
