"""Generated worlds, world files, backups, drift, the demo, and the simulator as a process."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lrestore.json_types import JsonObject
from lrestore.simulator.core import schema
from lrestore.simulator.core.views import SCHEMA_OF
from lrestore.simulator.http.remote import SimulatorProcess
from lrestore.simulator.world import demo, worldfile
from lrestore.simulator.world.backup import SHOWN_AS, Extraction, blob_of, write_backup
from lrestore.simulator.world.drift import drift
from lrestore.simulator.world.world import Sizes, make_world

AT = datetime(2024, 6, 3, tzinfo=UTC)


def test_a_seed_gives_one_world_and_another_seed_another() -> None:
    assert worldfile.by_type(make_world(seed=3)) == worldfile.by_type(make_world(seed=3))
    assert worldfile.by_type(make_world(seed=3)) != worldfile.by_type(make_world(seed=4))


def test_the_first_dashboard_has_every_kind_of_tile() -> None:
    world = make_world(Sizes(dashboards=1))
    tiles = world.table("dashboard_element").where("dashboard_id", "1")
    assert len(tiles) == 20
    for name in ("query_id", "look_id", "merge_result_id", "extension_id", "rich_content_json", "body_text"):
        assert any(tile[name] for tile in tiles), name
    assert {tile["type"] for tile in tiles} == {"vis", "text", "button", "extension"}
    heard = [part["listen"] for tile in tiles for part in (tile["result_maker"] or {}).get("filterables", ())]
    assert any(heard)


@pytest.mark.parametrize("name", ["world.ndjson", "world.ndjson.gz"])
def test_a_saved_world_is_the_same_when_loaded(tmp_path: Path, name: str) -> None:
    world = make_world()
    worldfile.save(world, tmp_path / name)
    loaded = worldfile.load(tmp_path / name)
    assert worldfile.by_type(loaded) == worldfile.by_type(world)
    assert loaded.new_id("dashboard") == world.new_id("dashboard")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_embedded_queries_replace_missing_ones(tmp_path: Path) -> None:
    world = make_world()
    lines = [msgspec.json.encode(line) for line in worldfile.lines(world) if line["type"] != "query"]
    loaded = worldfile.read_lines(lines)
    tile = next(tile for tile in loaded.table("dashboard_element") if tile["query_id"])
    assert loaded.get("query", tile["query_id"]) == world.get("query", tile["query_id"])


@pytest.mark.parametrize("line", [b"{", b'{"object": {}}', b'{"type": "spaceship", "object": {"id": "1"}}', b"[]"])
def test_a_broken_world_file_is_reported_with_its_line(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "world.ndjson"
    path.write_bytes(b'{"type": "group", "object": {"id": "1", "name": "G"}}\n' + line + b"\n")
    with pytest.raises(ValueError, match=r"world\.ndjson: line 2 "):
        worldfile.load(path)


def rows(path: Path) -> dict[tuple[int, str], tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        columns = "content_type, id, name, owner_id, created_at, folder_id, content_data"
        return {row[:2]: row for row in connection.execute(f"SELECT {columns} FROM content_items")}


def test_a_backup_equals_one_by_lookervault(tmp_path: Path) -> None:
    world = make_world()
    path = tmp_path / "vault.db"
    count = write_backup(world, path, Extraction(at=AT))
    found = rows(path)
    assert count == len(found)
    live = [d for d in world.table("dashboard") if not d["deleted"]]
    assert {key for kind, key in found if kind == 1} == {d["id"] for d in live}
    dashboard = msgspec.msgpack.decode(found[1, "1"][6])
    assert None not in dashboard.values()
    assert isinstance(dashboard["created_at"], datetime)
    tile = dashboard["dashboard_elements"][0]
    assert len(tile) == 32 and None in tile.values()
    assert "query" not in msgspec.msgpack.decode(found[2, "1"][6])
    assert found[7, "1"][2] == "Untitled 1"
    assert found[3, "ecommerce"][2] == "ecommerce"


def test_a_backup_by_an_old_sdk_lacks_later_fields() -> None:
    world = make_world()
    record = world.table("dashboard").records["1"]
    assert "granular_row" in _component(blob_of(world, "dashboard", record, "26.12"))
    assert "granular_row" not in _component(blob_of(world, "dashboard", record))


def _component(blob: JsonObject) -> JsonObject:
    component: JsonObject = blob["dashboard_layouts"][0]["dashboard_layout_components"][0]
    return component


def test_a_sequential_backup_has_composite_ids_and_none_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    write_backup(make_world(), path, Extraction(at=AT, sequential=True))
    assert (1, "dashboard::1") in rows(path) and (3, "lookml_model::ecommerce") in rows(path)
    with pytest.raises(FileExistsError):
        write_backup(make_world(), path, Extraction(at=AT))


def test_blobs_fit_the_official_models() -> None:
    from looker_sdk.sdk.api40 import models

    world = make_world()
    for kind, name in SHOWN_AS.items():
        for record in world.table(kind):
            packed = msgspec.msgpack.encode(blob_of(world, kind, record))
            msgspec.msgpack.decode(packed, type=getattr(models, name))


def test_every_type_of_the_store_fits_its_schema() -> None:
    objects = list(worldfile.objects(make_world()))
    assert {"dashboard", "look", "user", "folder"} <= {kind for kind, _ in objects}
    for kind, shown in objects:
        body = {name: value for name, value in shown.items() if value is not None}
        known = schema.schema(SCHEMA_OF[kind]).fields
        assert set(body) <= set(known), kind


def test_drift_is_repeatable_and_edits_only_what_it_reports() -> None:
    worlds = [make_world(seed=5), make_world(seed=5)]
    moment = AT
    for world in worlds:
        world.moment = lambda: moment
    said = [drift(world, seed=5) for world in worlds]
    assert said[0] == said[1]
    assert worldfile.by_type(worlds[0]) == worldfile.by_type(worlds[1]) != worldfile.by_type(make_world(seed=5))
    assert sum(line.startswith("dashboard 1:") for line in said[0]) == 6
    assert any("trash" in line for line in said[0]) and any("deleted for good" in line for line in said[0])


def test_the_demo_is_created_once_and_is_always_the_same(tmp_path: Path) -> None:
    files = demo.make_demo_files(tmp_path / "a")
    other = demo.make_demo_files(tmp_path / "b")
    assert files.world.read_bytes() == other.world.read_bytes()
    assert {k: v[6] for k, v in rows(files.backup).items()} == {k: v[6] for k, v in rows(other.backup).items()}
    before = files.world.stat().st_mtime_ns
    assert demo.make_demo_files(tmp_path / "a") == files and files.world.stat().st_mtime_ns == before


def test_the_process_serves_a_world_and_saves_it_at_the_end(tmp_path: Path) -> None:
    worldfile.save(make_world(Sizes(dashboards=2, tiles=2)), tmp_path / "in.ndjson.gz")
    arguments = ["--world", str(tmp_path / "in.ndjson.gz"), "--save", str(tmp_path / "out.ndjson")]
    with SimulatorProcess(arguments) as simulator:
        simulator.edit({"type": "dashboard", "id": "1", "set": {"title": "Edited"}})
        assert simulator.state()["dashboard"][0]["title"] == "Edited"
        simulator.fault("status:503", match={"path": "/user"})
        assert simulator.call("GET", "faults")[0]["fault"] == "status:503"
        simulator.configure(latency_ms=1)
        with pytest.raises(RuntimeError, match="latency"):
            simulator.configure(latency_ms="much")
        with pytest.raises(RuntimeError, match="unknown fault"):
            simulator.fault("nonsense")
        assert simulator.log()["operations"] == {}
        assert simulator.stop() == 0
    assert worldfile.load(tmp_path / "out.ndjson").table("dashboard").records["1"]["title"] == "Edited"


def test_a_process_without_a_world_reports_the_reason(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"simulator: .*nowhere\.ndjson"):
        SimulatorProcess(["--world", str(tmp_path / "nowhere.ndjson")])


def test_unread_output_does_not_stop_the_process(tmp_path: Path) -> None:
    """An unread pipe is full after some hundred broken connections, and would then block the process."""
    worldfile.save(make_world(Sizes(dashboards=1, tiles=1)), tmp_path / "in.ndjson")
    with SimulatorProcess(["--world", str(tmp_path / "in.ndjson")]) as simulator:
        assert not stat.S_ISFIFO(Path(f"/proc/{simulator.pid}/fd/2").stat().st_mode)
