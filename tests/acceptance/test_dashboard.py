"""One dashboard, for real: drifted, deleted, trashed; what is called, and what is left alone."""

from __future__ import annotations

from collections import Counter

from lrestore.json_types import JsonObject
from lrestore.simulator.core.views import render
from lrestore.simulator.world.drift import add_tile
from tests.acceptance.instance_fixture import InstanceFixture

ONE = ("--select", "dashboard=1")


def shown(instance: InstanceFixture, dashboard_id: str) -> JsonObject:
    """The live dashboard as Looker would show it."""
    record = instance.world.get("dashboard", dashboard_id)
    assert record is not None
    return render(instance.world, "dashboard", record, "Dashboard")


def contents(instance: InstanceFixture, dashboard_id: str) -> JsonObject:
    """The visible content of a dashboard, without ids and moments."""
    live = shown(instance, dashboard_id)
    titles = {tile["id"]: (tile["type"], tile["title"], tile["body_text"]) for tile in live["dashboard_elements"]}
    places = sorted(
        (str(layout["label"]), str(titles[part["dashboard_element_id"]]), part["row"], part["column"], part["width"])
        for layout in live["dashboard_layouts"]
        for part in layout["dashboard_layout_components"]
        if not part["deleted"]
    )
    heard = sorted(
        (str(tile["title"]), str(entry["name"]), pair["dashboard_filter_name"], pair["field"])
        for tile in live["dashboard_elements"]
        for entry in (tile["result_maker"] or {}).get("filterables") or ()
        for pair in entry["listen"] or ()
    )
    return {
        **{name: live[name] for name in ("title", "description", "folder_id", "slug", "hidden", "refresh_interval")},
        "tiles": Counter(map(str, titles.values())),
        "filters": Counter((part["name"], part["default_value"], part["row"]) for part in live["dashboard_filters"]),
        "places": places,
        "heard": heard,
    }


def test_of_20_tiles_and_6_filters_only_what_differs_is_written(large: InstanceFixture) -> None:
    """FR-005, FR-007: one read, and one write per thing that differs; the second run writes nothing."""
    tiles, filters = large.parts("dashboard_element", "1"), large.parts("dashboard_filter", "1")
    assert (len(tiles), len(filters)) == (20, 6)
    before = contents(large, "1")
    large.edit("dashboard", "1", title="Renamed", description="Somebody's")
    large.edit("dashboard_element", tiles[2]["id"], note_text="Changed")
    large.edit("dashboard_element", tiles[7]["id"], title="Changed")
    large.edit("dashboard_filter", filters[1]["id"], default_value="Changed")
    component = large.world.table("dashboard_layout_component").where("dashboard_element_id", tiles[4]["id"])[0]
    large.edit("dashboard_layout_component", component["id"], row=400)

    ran = large.run(*ONE).all_good()

    assert {call.path: set(call.body) for call in ran.writes} == {
        "/dashboards/1": {"title", "description"},
        f"/dashboard_filters/{filters[1]['id']}": {"default_value"},
        f"/dashboard_elements/{tiles[2]['id']}": {"note_text"},
        f"/dashboard_elements/{tiles[7]['id']}": {"title"},
        f"/dashboard_layout_components/{component['id']}": {"row"},
    }
    assert len(ran.writes) == 5 and {call.method for call in ran.writes} == {"PATCH"}
    assert ran.operations["dashboard"] == 1 and ran.total("updated") == 1
    assert contents(large, "1") == before
    again = large.run(*ONE).all_good()
    assert again.writes == [] and again.total("unchanged") == 1
    assert "unchanged" in again.out


def test_a_deleted_dashboard_is_made_whole_and_then_verifies(large: InstanceFixture) -> None:
    """FR-006, FR-008, B2, B15, B16: tiles, filters, listeners and places, and its new id on record."""
    before = contents(large, "1")
    large.delete("dashboard", "1")

    ran = large.run(*ONE).all_good()

    assert ran.total("created") == 1
    (mapping,) = [row for row in large.rows("mappings") if row["content_type"] == "dashboard"]
    assert mapping["source_id"] == "1" and contents(large, mapping["destination_id"]) == before
    assert ran.operations["create_query"] == 0, "queries of the same instance are still there"
    assert large.simulator.log.ignored_fields() == []
    assert large.run(*ONE, "--verify").code == 0
    again = large.run(*ONE).all_good()
    assert again.writes == [] and again.total("unchanged") == 1


def test_a_trashed_dashboard_keeps_its_id_and_costs_one_write(large: InstanceFixture) -> None:
    large.edit("dashboard", "1", deleted=True)
    ran = large.run(*ONE).all_good()
    assert [(call.operation, call.path, call.body) for call in ran.writes] == [
        ("update_dashboard", "/dashboards/1", {"deleted": False})
    ]
    assert shown(large, "1")["deleted"] is False


def test_existing_tiles_are_patched_and_never_made_again(large: InstanceFixture) -> None:
    """B1: LookerVault deletes every tile of the dashboard that it restores."""
    ids = [tile["id"] for tile in large.parts("dashboard_element", "1")]
    large.edit("dashboard_element", ids[0], title="Changed")
    ran = large.run(*ONE).all_good()
    assert not [call for call in ran.writes if call.method in ("DELETE", "POST")]
    assert [tile["id"] for tile in large.parts("dashboard_element", "1")] == ids


def test_what_was_null_is_null_again(instance: InstanceFixture) -> None:
    """B27: at the top level a null is an absent key, inside it is written out."""
    tile = next(tile for tile in instance.parts("dashboard_element", "1") if tile["note_text"] is None)
    record = instance.world.get("dashboard", "1")
    assert record is not None and record["text_tile_text_color"] is None
    instance.edit("dashboard", "1", text_tile_text_color="#123456")
    instance.edit("dashboard_element", tile["id"], note_text="Set later")
    instance.run(*ONE).all_good()
    assert shown(instance, "1")["text_tile_text_color"] is None
    found = instance.world.get("dashboard_element", tile["id"])
    assert found is not None and found["note_text"] is None


def test_a_dashboard_backed_up_without_its_tiles_keeps_its_live_ones(instance: InstanceFixture) -> None:
    """B1 from the other side: an absent list is not an empty one."""
    blob = instance.blob("dashboard", "1")
    for name in ("dashboard_elements", "dashboard_filters", "dashboard_layouts"):
        del blob[name]
    instance.back_up("dashboard", "1", {**blob, "title": "As backed up"})
    ran = instance.run(*ONE).all_good()
    assert [call.operation for call in ran.writes] == ["update_dashboard"]
    assert "dashboard_elements" in ran.err + ran.out
    assert any("dashboard_elements" in warning for warning in ran.report["warnings"])


def test_an_empty_list_in_the_backup_means_that_there_were_none(instance: InstanceFixture) -> None:
    blob = instance.blob("dashboard", "1")
    instance.back_up("dashboard", "1", {**blob, "dashboard_filters": []})
    instance.run(*ONE).all_good()
    assert instance.parts("dashboard_filter", "1") == []


def test_a_tile_too_many_goes_unless_it_is_to_be_kept(instance: InstanceFixture) -> None:
    record = instance.world.get("dashboard", "1")
    assert record is not None
    before = len(instance.parts("dashboard_element", "1"))
    add_tile(instance.world, record)
    assert instance.run(*ONE, "--keep-extra").all_good().writes == []
    planned = instance.run(*ONE, "--plan").all_good()
    assert planned.report["items"][0]["deletions"] and "delete" in planned.out
    ran = instance.run(*ONE).all_good()
    assert [call.operation for call in ran.writes] == ["delete_dashboard_element"]
    assert len(instance.parts("dashboard_element", "1")) == before


def test_a_tile_with_live_alerts_is_kept_until_its_loss_is_allowed(instance: InstanceFixture) -> None:
    tile = next(tile for tile in instance.parts("dashboard_element", "1") if tile["query_id"])
    blob = instance.blob("dashboard", "1")
    blob["dashboard_elements"] = [part for part in blob["dashboard_elements"] if part["id"] != tile["id"]]
    instance.back_up("dashboard", "1", blob)
    instance.edit("alert", "900", dashboard_element_id=tile["id"], owner_id="1", field={}, threshold=1.0)
    kept = instance.run(*ONE).all_good()
    assert kept.writes == [] and any("alert" in warning for warning in kept.report["warnings"])
    ran = instance.run(*ONE, "--allow-alert-loss").all_good()
    assert [call.operation for call in ran.writes] == ["delete_dashboard_element"]


def test_a_part_that_is_refused_fails_its_dashboard_and_deletes_nothing(instance: InstanceFixture) -> None:
    """B26: LookerVault logs it, and says "updated"."""
    record = instance.world.get("dashboard", "1")
    assert record is not None
    tile = instance.parts("dashboard_element", "1")[0]
    instance.edit("dashboard_element", tile["id"], title="Changed")
    add_tile(instance.world, record)
    instance.simulator.fault("status:422", operation="update_dashboard_element")
    ran = instance.run(*ONE)
    assert (ran.code, ran.total("failed"), ran.total("updated")) == (1, 1, 0)
    assert not [call for call in ran.writes if call.method == "DELETE"]
    assert ran.letter()["status"] == 422
    instance.simulator.simulation.faults.clear()
    retried = instance.run("--retry-dead-letters").all_good()
    assert retried.total("updated") == 1
