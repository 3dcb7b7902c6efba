"""Queries in another instance are taken from tiles of the backup or from the source instance, and created once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from lrestore.json_types import JsonObject
from lrestore.simulator.core.config import SimulatorConfig
from lrestore.simulator.core.store import Record, World
from lrestore.simulator.world.backup import blob_of
from lrestore.simulator.world.edits import Edit, edit
from lrestore.simulator.world.world import Sizes, empty_world, make_world
from tests.restoration.migration_fixture import MigrationFixture

SIZES = Sizes(users=2, groups=1, folders=4, depth=2, looks=6, dashboards=3, tiles=8, filters=2, boards=0, plans=0)


@pytest.fixture
def migration(tmp_path: Path) -> Iterator[MigrationFixture]:
    with MigrationFixture(tmp_path, sizes=SIZES, into=empty_world()) as made:
        yield made


def looks(world: World) -> tuple[Record, Record]:
    """A look whose query is shown by a tile, and one without such a tile."""
    shown = {tile["query_id"] for tile in world.table("dashboard_element") if tile["query_id"]}
    shown |= {
        (world.get("look", tile["look_id"]) or {})["query_id"]
        for tile in world.table("dashboard_element")
        if tile["look_id"] and not (world.get("dashboard", tile["dashboard_id"]) or {})["deleted"]
    }
    every = [look for look in world.table("look") if not look["deleted"]]
    return next(one for one in every if one["query_id"] in shown), next(
        one for one in every if one["query_id"] not in shown
    )


def asks(world: World, query_id: str) -> JsonObject:
    """The definition of a query, without the fields that Looker adds."""
    own = ("id", "slug", "client_id", "share_url", "expanded_share_url", "url", "can")
    return {name: value for name, value in (world.get("query", query_id) or {}).items() if name not in own}


def migrated(migration: MigrationFixture, look: Record) -> Record:
    return migration.of("look", title=look["title"], folder_id=migration.new_id("folder", look["folder_id"]))


def prepare(migration: MigrationFixture) -> None:
    migration.migrate("group", "role", "permission_set", "model_set", "user", "folder").all_good()


def test_a_look_is_created_with_its_query_from_a_tile_of_the_backup(migration: MigrationFixture) -> None:
    prepare(migration)
    look, _ = looks(migration.source)
    ran = migration.migrate(f"look={look['id']}").all_good()
    assert asks(migration.world, migrated(migration, look)["query_id"]) == asks(migration.source, look["query_id"])
    assert ran.operations["create_query"] == 1
    (body,) = (call.body for call in ran.calls if call.operation == "create_query")
    assert not {"client_id", "id", "slug", "share_url"} & body.keys()


def test_a_second_run_makes_no_query_and_reads_none(migration: MigrationFixture) -> None:
    prepare(migration)
    look, _ = looks(migration.source)
    migration.migrate(f"look={look['id']}").all_good()
    again = migration.migrate(f"look={look['id']}").all_good()
    assert again.writes == [] and not again.operations["query"]
    assert migration.migrate(f"look={look['id']}", "--verify").all_good().report["verify"]["different"] == []


def test_a_look_without_a_known_query_is_a_dead_letter_with_a_hint(migration: MigrationFixture) -> None:
    prepare(migration)
    _, look = looks(migration.source)
    ran = migration.migrate(f"look={look['id']}")
    assert ran.code == 1 and not ran.writes
    assert f"query={look['query_id']}" in ran.letter()["message"]
    assert "[source] base_url" in ran.letter()["message"] + ran.out + ran.err


def test_a_look_with_a_missing_explore_fails_before_anything_is_created(migration: MigrationFixture) -> None:
    prepare(migration)
    look, _ = looks(migration.source)
    query = migration.source.get("query", look["query_id"]) or {}
    migration.world.table("lookml_model").remove(query["model"])
    ran = migration.migrate(f"look={look['id']}")
    assert ran.code == 1 and ran.writes == []
    assert ran.letter()["error_type"] == "DependencyError"
    assert f"explore={query['model']}::{query['view']}" in ran.letter()["message"]


def test_the_query_is_read_from_the_source_instance_which_is_never_written(migration: MigrationFixture) -> None:
    origin = migration.source_lives()
    prepare(migration)
    _, look = looks(migration.source)
    migration.migrate(f"look={look['id']}").all_good()
    assert asks(migration.world, migrated(migration, look)["query_id"]) == asks(migration.source, look["query_id"])
    assert {call.method for call in origin.log.calls if call.operation != "login"} == {"GET"}
    assert any(call.operation == "query" for call in origin.log.calls)


def test_an_existing_look_with_another_query_gets_the_backed_up_one(migration: MigrationFixture) -> None:
    prepare(migration)
    look, _ = looks(migration.source)
    migration.migrate(f"look={look['id']}").all_good()
    made = migrated(migration, look)
    right = made["query_id"]
    other = migration.world.table("query").put(
        {**(migration.world.get("query", right) or {}), "id": "9999", "limit": "7"}
    )
    edit(migration.world, Edit(type="look", id=made["id"], set={"query_id": other["id"]}))
    ran = migration.migrate(f"look={look['id']}").all_good()
    assert [call.operation for call in ran.writes] == ["update_look"]
    assert migrated(migration, look)["query_id"] == right


def test_a_look_with_an_equal_query_is_unchanged_without_a_mapping(migration: MigrationFixture) -> None:
    prepare(migration)
    look, _ = looks(migration.source)
    migration.migrate(f"look={look['id']}").all_good()
    (migration.directory / "state.db").unlink()
    prepare(migration)
    ran = migration.migrate(f"look={look['id']}").all_good()
    assert ran.writes == []


def merged(world: World) -> Record:
    """A dashboard with a merged query, not in the trash."""
    for tile in world.table("dashboard_element"):
        dashboard = world.get("dashboard", tile["dashboard_id"]) or {}
        if tile["merge_result_id"] and not dashboard["deleted"]:
            return dashboard
    raise AssertionError("no merged query in this world")


def test_a_merged_query_is_rebuilt_from_the_living_source_once(migration: MigrationFixture) -> None:
    migration.source_lives()
    prepare(migration)
    migration.migrate("look").all_good()
    dashboard = merged(migration.source)
    ran = migration.migrate(f"dashboard={dashboard['id']}").all_good()
    merges = [tile for tile in migration.world.table("dashboard_element") if tile["merge_result_id"]]
    assert ran.operations["create_merge_query"] == len({tile["merge_result_id"] for tile in merges}) > 0
    for tile in merges:
        sources = (migration.world.get("merge_query", tile["merge_result_id"]) or {})["source_queries"]
        assert len(sources) > 1 and all(migration.world.get("query", one["query_id"]) for one in sources)
    assert migration.migrate(f"dashboard={dashboard['id']}").all_good().writes == []


def test_a_dashboard_is_restored_without_a_merged_query_of_a_missing_explore(migration: MigrationFixture) -> None:
    """The backup has only its id; its definition comes from the source instance."""
    dashboard = merged(migration.source)
    tile = next(
        one
        for one in migration.source.table("dashboard_element").where("dashboard_id", dashboard["id"])
        if one["merge_result_id"]
    )
    source = (migration.source.get("merge_query", tile["merge_result_id"]) or {})["source_queries"][0]
    migration.source.table("query").change(source["query_id"], {"model": "elsewhere", "view": "unknown"})
    migration.source_lives()
    prepare(migration)
    migration.migrate("look").all_good()
    for again in (False, True):
        ran = migration.migrate(f"dashboard={dashboard['id']}")
        assert ran.code == 1 and ran.operations["create_merge_query"] == 0
        assert ran.letter()["error_type"] == "IncompleteError"
        assert "explore=elsewhere::unknown" in ran.letter()["message"]
        assert bool(ran.writes) is not again


def test_a_merged_query_is_created_without_fields_that_the_release_lacks(migration: MigrationFixture) -> None:
    """``limit`` came with 26.2: an older Looker refuses the query whose body has it."""
    for merge in migration.source.table("merge_query"):
        migration.source.table("merge_query").change(merge["id"], {"limit": "300"})
    migration.source_lives()
    prepare(migration)
    migration.migrate("look").all_good()
    migration.simulator.simulation.configure(SimulatorConfig(release="25.4.10", keep_bodies=True))
    dashboard = merged(migration.source)
    ran = migration.migrate(f"dashboard={dashboard['id']}").all_good()
    bodies = [call.body for call in ran.calls if call.operation == "create_merge_query"]
    assert bodies and not any("limit" in body for body in bodies)
    (told,) = (warning for warning in ran.report["warnings"] if "does not know" in warning)
    assert "merge_query.limit" in told
    assert migration.migrate(f"dashboard={dashboard['id']}").all_good().writes == []


def test_without_the_source_the_tile_of_a_merged_query_is_omitted_and_reported(migration: MigrationFixture) -> None:
    prepare(migration)
    migration.migrate("look")
    dashboard = merged(migration.source)
    planned = migration.migrate(f"dashboard={dashboard['id']}", "--plan")
    ran = migration.migrate(f"dashboard={dashboard['id']}")
    for one in (planned, ran):
        letter = one.letter()
        assert one.code == 1 and letter["error_type"] == "IncompleteError"
        assert "merge_query=" in letter["message"] and "[source] base_url" in letter["message"] + one.out
        assert letter["errors"]
        assert all(error["field"].endswith("merge_result_id") for error in letter["errors"])
    made = migration.of("dashboard", title=dashboard["title"])
    there = migration.parts("dashboard_element", made["id"])
    wanted = migration.source.table("dashboard_element").where("dashboard_id", dashboard["id"])
    assert (
        len(there)
        == len([tile for tile in wanted if not tile["merge_result_id"]])
        == len(wanted) - len(letter["errors"])
    )
    again = migration.migrate(f"dashboard={dashboard['id']}")
    assert again.writes == [] and again.letter()["errors"] == letter["errors"]


def test_an_omitted_tile_is_created_once_the_source_is_configured(migration: MigrationFixture) -> None:
    prepare(migration)
    migration.migrate("look")
    dashboard = merged(migration.source)
    assert migration.migrate(f"dashboard={dashboard['id']}").code == 1
    migration.source_lives()
    ran = migration.migrate(f"dashboard={dashboard['id']}").all_good()
    assert ran.total("updated") == 1 and ran.operations["create_dashboard_element"] > 0
    assert not ran.operations["delete_dashboard_element"]
    assert migration.migrate(f"dashboard={dashboard['id']}").all_good().writes == []


def of_sql(migration: MigrationFixture) -> tuple[str, str]:
    """A tile of the backup shows a query of SQL Runner: its dashboard, and its title."""
    dashboard = next(one for one in migration.source.table("dashboard") if not one["deleted"])
    blob = blob_of(migration.source, "dashboard", dashboard)
    tile = next(tile for tile in blob["dashboard_elements"] if tile["query_id"])
    tile |= dict.fromkeys(("query", "query_id", "result_maker_id")) | {"title": "Straight from SQL"}
    tile["result_maker"] |= {"query": None, "query_id": None, "sql_query_id": "17", "filterables": []}
    migration.back_up("dashboard", dashboard["id"], blob)
    return str(dashboard["id"]), str(tile["title"])


def test_a_tile_of_sql_is_never_given_the_sql_query_that_has_that_id_elsewhere(migration: MigrationFixture) -> None:
    migration.source_lives()
    prepare(migration)
    migration.migrate("look").all_good()
    dashboard_id, title = of_sql(migration)
    ran = migration.migrate(f"dashboard={dashboard_id}")
    letter = ran.letter()
    assert "sql_query=17" in letter["message"] and title in letter["message"]
    assert [error["field"].rpartition(".")[2] for error in letter["errors"]] == ["sql_query_id"]
    new_id = migration.new_id("dashboard", dashboard_id)
    there = migration.parts("dashboard_element", new_id)
    backed_up = migration.source.table("dashboard_element").where("dashboard_id", dashboard_id)
    assert len(there) == len(backed_up) - 1 and title not in {tile["title"] for tile in there}
    assert not any("sql_query_id" in str(call.body) for call in ran.writes)


def test_a_tile_of_sql_that_was_made_by_hand_is_kept(migration: MigrationFixture) -> None:
    migration.source_lives()
    prepare(migration)
    migration.migrate("look").all_good()
    dashboard_id, title = of_sql(migration)
    migration.migrate(f"dashboard={dashboard_id}")
    new_id = migration.new_id("dashboard", dashboard_id)
    other = next(one for one in migration.parts("dashboard_element", new_id) if one["result_maker_id"])
    maker = {**other["result_maker"], "query_id": None, "sql_query_id": "4711", "filterables": []}
    by_hand = {"type": "vis", "title": title, "result_maker_id": other["result_maker_id"], "result_maker": maker}
    edit(migration.world, Edit(type="dashboard_element", id="70000", set={"dashboard_id": new_id, **by_hand}))
    again = migration.migrate(f"dashboard={dashboard_id}").all_good()
    made = migration.world.get("dashboard_element", "70000") or {}
    assert made["result_maker"]["sql_query_id"] == "4711"
    assert "delete_dashboard_element" not in again.operations


def test_an_existing_look_wins_over_a_namesake_in_the_trash(migration: MigrationFixture) -> None:
    prepare(migration)
    look, _ = looks(migration.source)
    migration.migrate(f"look={look['id']}").all_good()
    made = migrated(migration, look)
    migration.world.table("look").put({**made, "id": "9999", "deleted": True})
    (migration.directory / "state.db").unlink()
    prepare(migration)
    assert migration.migrate(f"look={look['id']}").all_good().writes == []
    assert migration.new_id("look", look["id"]) == made["id"]


def test_a_source_that_is_another_instance_ends_the_run_before_it_begins(migration: MigrationFixture) -> None:
    migration.source = make_world(SIZES, seed=44)
    migration.source_lives()
    ran = migration.migrate("look")
    assert ran.code == 3 and not ran.writes
    assert "not the instance that the backup came from" in ran.err


def test_a_source_that_refuses_the_key_ends_the_run_before_it_begins(migration: MigrationFixture) -> None:
    migration.source_lives()
    ran = migration.migrate("look", LRESTORE_SOURCE_CLIENT_SECRET="wrong")
    assert ran.code == 3 and not ran.writes
    assert "[source] base_url" in ran.err and "wrong" not in ran.err


def test_a_source_without_a_key_is_a_mistake_in_the_settings(migration: MigrationFixture) -> None:
    migration.source_lives()
    del migration.extra_environment["LRESTORE_SOURCE_CLIENT_ID"]
    ran = migration.migrate("look")
    assert ran.code == 2 and not ran.writes
    assert "LRESTORE_SOURCE_CLIENT_ID" in ran.err


def test_in_the_same_instance_the_source_is_not_asked(tmp_path: Path) -> None:
    source = make_world(SIZES)
    with MigrationFixture(tmp_path, source=source, into=source) as migration:
        origin = migration.source_lives()
        migration.extra_environment["LRESTORE_RUN_IDENTITY"] = "same-instance"
        before = len(origin.log.calls)
        migration.migrate("look").all_good()
        assert len(origin.log.calls) == before


def test_no_secret_of_the_source_is_written_anywhere(migration: MigrationFixture) -> None:
    migration.source_lives()
    secret = "0nlyTheS0urceKn0wsThis"
    ran = migration.migrate("look", "-v", LRESTORE_SOURCE_CLIENT_SECRET=secret)
    assert ran.code == 3
    files = [path for path in migration.directory.rglob("*") if path.is_file()]
    told = ran.out + ran.err + msgspec.json.encode(ran.report).decode()
    assert secret not in told and not any(secret.encode() in path.read_bytes() for path in files)
