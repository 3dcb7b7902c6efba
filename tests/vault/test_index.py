"""Listing and reading: which rows count, under which id, and that both agree."""

from __future__ import annotations

import sqlite3
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lrestore.errors import CorruptItemError, MissingItemError, OversizedItemError, VaultError
from lrestore.messages import ItemKey
from lrestore.vault import IndexRow, Vault, schema
from lrestore.vault import rows as queries
from tests.vault.builder import SAMPLES, Row, build, dashboard, insert, named, row_of
from tests.waiting import HANG_S

OLD, NEW = "2026-01-01T00:00:00+00:00", "2026-02-01T00:00:00+00:00"


@pytest.fixture
def in_new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def opened(path: Path, *rows: Row, version: int = 4) -> Vault:
    return Vault.open([str(build(path / "vault.db", rows, version=version))])


def listed(vault: Vault, *, include_deleted: bool = False) -> dict[ItemKey, IndexRow]:
    rows = list(vault.index(include_deleted=include_deleted))
    assert len({row.key for row in rows}) == len(rows), "an object is listed twice"
    return {row.key: row for row in rows}


def test_read_one_by_type_and_id(tmp_path: Path) -> None:
    """FR-001, B10: ids repeat among types, so the type decides which is meant."""
    with opened(tmp_path, row_of("dashboard"), row_of("group"), row_of("folder")) as vault:
        assert vault.read(ItemKey("group", "1")).name == "Group"
        assert vault.read(ItemKey("folder", "1")).name == "Shared"
        assert vault.read(ItemKey("dashboard", "1")).raw["title"] == "Sales"


@pytest.mark.parametrize("version", [1, 2, 3, 4])
@pytest.mark.parametrize("style", ["plain", "composite"])
def test_every_version_and_both_ways_of_writing_ids_read_the_same(tmp_path: Path, version: int, style: str) -> None:
    """B14: LookerVault's own restore does not find what was backed up with one worker."""
    ids = {name: str(number) for number, name in enumerate(SAMPLES, 1)} | {"lookml_model": "thelook"}
    contents = {
        name: {**sample, **({} if name == "lookml_model" else {"id": ids[name]})} for name, sample in SAMPLES.items()
    }
    rows = [
        Row(type=name, id=f"{name}::{ids[name]}" if style == "composite" else ids[name], content=contents[name])
        for name in SAMPLES
    ]
    with opened(tmp_path, *rows, version=version) as vault:
        assert {key.type: key.id for key in listed(vault)} == ids
        for name, id in ids.items():
            item = vault.read(ItemKey(name, id))
            assert item.raw == contents[name]
        assert vault.summary().schema_versions == [version]


def test_the_prefix_is_taken_off_once_and_only_the_own_type(tmp_path: Path) -> None:
    rows = [
        Row(type="lookml_model", id="lookml_model::a::b", content={"name": "a::b"}),
        Row(type="group", id="role::1", content=named("role::1")),
    ]
    with opened(tmp_path, *rows) as vault:
        assert set(listed(vault)) == {ItemKey("lookml_model", "a::b"), ItemKey("group", "role::1")}
        assert vault.read(ItemKey("group", "role::1")).key.id == "role::1"


def test_of_two_copies_the_newest_counts_wherever_it_lies(tmp_path: Path) -> None:
    one = build(tmp_path / "1.db", [Row(type="dashboard", id="1", content=dashboard(title="new"), synced_at=NEW)])
    two = build(
        tmp_path / "2.db", [Row(type="dashboard", id="dashboard::1", content=dashboard(title="old"), synced_at=OLD)]
    )
    for paths in ([one, two], [two, one]):
        with Vault.open([str(path) for path in paths]) as vault:
            assert vault.read(ItemKey("dashboard", "1")).name == "new"
            assert [row.name for row in listed(vault).values()] == ["new"]


@pytest.mark.parametrize(("naive", "winner"), [("2026-02-01T08:00:00", "local"), ("2026-02-01T04:00:00", "utc")])
def test_a_time_without_an_offset_is_local_time(tmp_path: Path, in_new_york: None, naive: str, winner: str) -> None:
    rows = [
        Row(type="dashboard", id="1", content=dashboard(title="utc"), synced_at="2026-02-01T12:00:00+00:00"),
        Row(type="dashboard", id="dashboard::1", content=dashboard(title="local"), synced_at=naive),
    ]
    with opened(tmp_path, *rows) as vault:
        item = vault.read(ItemKey("dashboard", "1"))
        assert item.name == winner
        assert [row.name for row in listed(vault).values()] == [winner]
    assert item.row.synced_at.endswith("+00:00")


def test_a_corrupt_newest_copy_gives_way_to_an_older_one_with_a_warning(tmp_path: Path) -> None:
    """FR-003."""
    rows = [
        Row(type="dashboard", id="1", content=b"\xc1", synced_at=NEW),
        Row(type="dashboard", id="dashboard::1", content=dashboard(title="older"), synced_at=OLD),
    ]
    with opened(tmp_path, *rows) as vault:
        item = vault.read(ItemKey("dashboard", "1"))
        assert item.name == "older"
        assert "the newest copy" in item.warnings[0] and "invalid opcode" in item.warnings[0]
        (row,) = listed(vault).values()
        assert (row.name, row.corrupt) == ("older", "")
        assert item.warnings[0] in vault.summary().warnings


def test_if_all_copies_are_corrupt_the_newest_says_why(tmp_path: Path) -> None:
    rows = [
        Row(type="dashboard", id="1", content=b"", synced_at=NEW),
        Row(type="dashboard", id="dashboard::1", content=b"\xc1", synced_at=OLD),
    ]
    with opened(tmp_path, *rows) as vault:
        with pytest.raises(CorruptItemError, match="the blob is empty") as caught:
            vault.read(ItemKey("dashboard", "1"))
        assert caught.value.key == ItemKey("dashboard", "1")
        (row,) = listed(vault).values()
        assert row.corrupt == "the blob is empty"


def test_deleted_objects_are_left_out_unless_asked_for_and_can_always_be_read(tmp_path: Path) -> None:
    rows = [
        row_of("dashboard"),
        Row(type="dashboard", id="2", content=dashboard("2"), deleted_at="2026-03-02T00:00:00"),
    ]
    with opened(tmp_path, *rows) as vault:
        assert {key.id for key in listed(vault)} == {"1"}
        everything = listed(vault, include_deleted=True)
        assert {key.id: row.deleted for key, row in everything.items()} == {"1": False, "2": True}
        assert vault.read(ItemKey("dashboard", "2")).row.deleted


@pytest.mark.parametrize(("first", "second", "alive"), [(NEW, OLD, False), (OLD, NEW, True)])
def test_whether_an_object_is_deleted_is_said_by_its_newest_copy(
    tmp_path: Path, first: str, second: str, alive: bool
) -> None:
    rows = [
        Row(type="dashboard", id="1", content=dashboard(), synced_at=first, deleted_at="2026-03-02T00:00:00"),
        Row(type="dashboard", id="dashboard::1", content=dashboard(), synced_at=second),
    ]
    with opened(tmp_path, *rows) as vault:
        assert (len(listed(vault)) == 1) is alive
        assert len(listed(vault, include_deleted=True)) == 1


def test_an_object_filed_under_another_id_is_found_by_its_own(tmp_path: Path) -> None:
    with opened(tmp_path, Row(type="dashboard", id="unknown", content=dashboard("42"))) as vault:
        assert vault.read(ItemKey("dashboard", "42")).name == "Sales"
        assert set(listed(vault)) == {ItemKey("dashboard", "42")}
        with pytest.raises(MissingItemError):
            vault.read(ItemKey("dashboard", "unknown"))


def test_a_row_whose_ids_agree_counts_before_a_misfiled_one(tmp_path: Path) -> None:
    rows = [
        Row(type="dashboard", id="1", content=dashboard("1", "agrees"), synced_at=OLD),
        Row(type="dashboard", id="9", content=dashboard("1", "misfiled"), synced_at=NEW),
        Row(type="dashboard", id="8", content=dashboard("2", "misfiled too"), synced_at=OLD),
        Row(type="dashboard", id="7", content=dashboard("2", "newer"), synced_at=NEW),
        Row(type="dashboard", id="3", content=b"\xc1", synced_at=NEW),
        Row(type="dashboard", id="6", content=dashboard("3", "instead of corrupt"), synced_at=OLD),
    ]
    expected = {"1": "agrees", "2": "newer", "3": "instead of corrupt"}
    with opened(tmp_path, *rows) as vault:
        assert {key.id: row.name for key, row in listed(vault).items()} == expected
        assert {id: vault.read(ItemKey("dashboard", id)).name for id in expected} == expected


def test_an_unknown_type_or_id_is_missing_not_a_crash(tmp_path: Path) -> None:
    with opened(tmp_path, row_of("dashboard")) as vault:
        for key in (
            ItemKey("dashboard", "2"),
            ItemKey("dashbord", "1"),
            ItemKey("dashboard", "\udcff"),
            ItemKey("look", ""),
        ):
            with pytest.raises(MissingItemError) as caught:
                vault.read(key)
            assert caught.value.key == key


def test_rows_of_unknown_types_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = [row_of("dashboard"), Row(type="dashboard", id="5", content=dashboard("5"), number=99)]
    with opened(tmp_path, *rows) as vault:
        assert set(listed(vault)) == {ItemKey("dashboard", "1")}
        assert any("1 rows are of content type 99" in warning for warning in vault.warnings)


def test_selections_find_what_they_filter_by(tmp_path: Path) -> None:
    """FR-004: owner, folder, dates, names; and a user's e-mail, which owners are given by."""
    rows = [
        Row(type="dashboard", content=dashboard(), created_at="2024-01-01T02:00:00+02:00", updated_at="bad"),
        Row(type="folder", content=SAMPLES["folder"], folder_id=None),
        Row(type="user", content=SAMPLES["user"], name="Untitled 1"),
        Row(
            type="scheduled_plan", content={**SAMPLES["scheduled_plan"], "title": "Sales", "user_id": "7"}, name="Sales"
        ),
        Row(type="board", content=SAMPLES["board"], owner_id=8),
    ]
    with opened(tmp_path, *rows, version=4) as vault:
        found = {row.key.type: row for row in vault.index()}
    assert (found["dashboard"].owner_id, found["dashboard"].folder_id, found["dashboard"].name) == ("7", "5", "Sales")
    assert found["dashboard"].created_at == "2024-01-01T00:00:00.000000+00:00"
    assert found["dashboard"].updated_at == ""
    assert found["folder"].folder_id == "5"
    assert (found["user"].name, found["user"].email) == ("Ada", "ada@example.com")
    assert (found["scheduled_plan"].name, found["scheduled_plan"].owner_id) == ("Daily", "7")
    assert found["board"].owner_id == "8"


def test_only_the_types_asked_for_are_listed(tmp_path: Path) -> None:
    with opened(tmp_path, row_of("dashboard"), row_of("group"), row_of("user", id="2", content={"id": "2"})) as vault:
        assert {row.key.type for row in vault.index({"group", "user"})} == {"group", "user"}


def test_an_oversized_blob_is_refused_without_being_loaded(tmp_path: Path) -> None:
    """Edge case "very large items": the size is checked before anything else."""
    big = 24 * 1024 * 1024
    path = build(tmp_path / "vault.db", [Row(type="dashboard", content=bytes(big))])
    with Vault.open([str(path)]) as vault:
        tracemalloc.start()
        with pytest.raises(OversizedItemError, match=str(big)) as caught:
            vault.read(ItemKey("dashboard", "1"), max_item_bytes=big - 1)
        (row,) = vault.index()
        peak_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert caught.value.key == ItemKey("dashboard", "1")
        assert (row.size_bytes, row.corrupt) == (big, "")
        assert peak_bytes < big / 4


def test_the_limit_itself_is_still_read(tmp_path: Path) -> None:
    row = row_of("dashboard")
    size_bytes = row.columns()["content_size"]
    assert isinstance(size_bytes, int)
    with opened(tmp_path, row) as vault:
        assert vault.read(ItemKey("dashboard", "1"), max_item_bytes=size_bytes).name == "Sales"
        with pytest.raises(OversizedItemError):
            vault.read(ItemKey("dashboard", "1"), max_item_bytes=size_bytes - 1)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"content": "text"}, "stored as text"),
        ({"stated_size": 5}, "its row says 5"),
        ({"stated_size": 10**12}, "its row says 1000000000000"),
    ],
)
def test_a_row_that_disagrees_with_itself_is_corrupt(tmp_path: Path, broken: dict[str, object], reason: str) -> None:
    with opened(tmp_path, row_of("dashboard", **broken)) as vault:
        with pytest.raises(CorruptItemError, match=reason):
            vault.read(ItemKey("dashboard", "1"))
        (row,) = vault.index()
        assert reason in row.corrupt


def test_columns_of_the_wrong_kind_do_not_crash_the_listing(tmp_path: Path) -> None:
    """SQLite stores anything anywhere; text that is no UTF-8 included."""
    row = Row(type="dashboard", content=dashboard(), synced_at="yesterday", created_at="", name="")
    path = build(tmp_path / "vault.db", [row])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "UPDATE content_items SET name = CAST(x'ff41' AS TEXT), owner_id = 'me', folder_id = x'00ff'"
        )
    with Vault.open([str(path)]) as vault:
        (found,) = vault.index()
        assert (found.synced_at, found.created_at, found.name, found.owner_id) == ("", "", "Sales", "7")
        assert vault.summary().items == 1


def test_several_threads_read_from_one_vault(tmp_path: Path) -> None:
    rows = [Row(type="dashboard", id=str(number), content=dashboard(str(number))) for number in range(50)]
    wrong: list[object] = []

    def read_all(vault: Vault) -> None:
        for number in range(50):
            item = vault.read(ItemKey("dashboard", str(number)))
            if item.raw["id"] != str(number):
                wrong.append(item)

    with opened(tmp_path, *rows) as vault:
        threads = [threading.Thread(target=read_all, args=(vault,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=HANG_S)
    assert wrong == []


def test_reading_one_item_does_not_search_the_file(tmp_path: Path) -> None:
    """One row of thousands is found by its key: SQLite says how it goes about it."""
    with opened(tmp_path, row_of("dashboard")) as vault:
        where, values = queries.called(schema.VAULT_TYPES["dashboard"], "1")
        plan = (
            vault._files[0]
            .connection.execute(f"EXPLAIN QUERY PLAN SELECT * FROM content_items WHERE {where}", values)
            .fetchall()
        )
        assert plan and all("SEARCH" in step[3] for step in plan)
        where, values = queries.live(schema.VAULT_TYPES["dashboard"])
        plan = (
            vault._files[0]
            .connection.execute(f"EXPLAIN QUERY PLAN SELECT * FROM content_items WHERE {where}", values)
            .fetchall()
        )
        assert plan and all("idx_content_type" in step[3] for step in plan)


def test_a_damaged_page_costs_the_object_on_it_and_no_other(tmp_path: Path) -> None:
    """FR-003: a large blob lies on a chain of pages; where the disk has lost one, other objects are still there."""
    marked = dashboard("2", description="." * 40_000 + "<lost>" + "." * 40_000)
    path = build(tmp_path / "vault.db", [row_of("dashboard"), Row(type="dashboard", id="2", content=marked)])
    with closing(sqlite3.connect(path)) as connection, connection:
        for row in (row_of("look"), Row(type="dashboard", id="3", content=dashboard("3"))):
            insert(connection, row)
    content = bytearray(path.read_bytes())
    page = content.index(b"<lost>") // schema.PAGE_SIZE_BYTES * schema.PAGE_SIZE_BYTES
    content[page : page + 4] = b"\xff" * 4  # where the next page of the chain is: file format, 1.6
    path.write_bytes(content)
    with Vault.open([str(path)]) as vault:
        rows = listed(vault)
        assert [key.id for key, row in rows.items() if row.corrupt] == ["2"] and len(rows) == 4
        assert vault.read(ItemKey("dashboard", "3")).name == "Sales"
        with pytest.raises(CorruptItemError, match="malformed"):
            vault.read(ItemKey("dashboard", "2"))
        assert (vault.summary().items, vault.summary().corrupt) == (3, 1)


def test_rows_that_an_emptied_index_hides_are_missed(tmp_path: Path) -> None:
    """A lost page of an index is no error to SQLite: it just finds nothing there. A backup that passes for an empty
    one is worse than none.
    """
    path = build(tmp_path / "vault.db", [row_of("dashboard"), row_of("look"), row_of("folder")])
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'idx_content_type'"
        ((page,),) = connection.execute(query)
    content = bytearray(path.read_bytes())
    start, end = (page - 1) * schema.PAGE_SIZE_BYTES, page * schema.PAGE_SIZE_BYTES
    content[end - 64 : end] = bytes(64)  # the records; the header at the start still says that there are three
    path.write_bytes(content)
    assert content[start] == 10, "a leaf of an index: file format, 1.6"
    with Vault.open([str(path)]) as vault, pytest.raises(VaultError, match="of 1 rows of type dashboard 0 were found"):
        list(vault.index())
