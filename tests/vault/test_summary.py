"""``--show source`` tells counts, and everything that makes a backup incomplete or doubtful."""

from __future__ import annotations

import gzip
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from lrestore.messages import ObjectMapping
from lrestore.ontology import CONTENT_TYPES
from lrestore.vault import SourceSummary, Vault, schema
from lrestore.vault.foreign_mappings import ForeignMapping
from tests.vault.builder import SAMPLES, Recorded, Row, SessionRow, build, dashboard, row_of
from tests.waiting import HANG_S

FRESH = ((3, "2026-01-01T00:00:00.000100"), (4, "2026-01-01T00:00:00.000300"))
MIGRATED = ((3, "2025-12-20T00:00:00"), (4, "2026-01-05T00:00:00"))
BEFORE, AFTER = "2026-02-28T00:00:00+00:00", "2026-03-01T12:00:00+00:00"
ALL = [row_of(name) for name in SAMPLES]


def summary(
    path: Path, rows: Sequence[Row] = ALL, *, version: int = 4, recorded: Recorded | None = None
) -> SourceSummary:
    with Vault.open([str(build(path / "vault.db", rows, version=version, recorded=recorded))]) as vault:
        return vault.summary()


def warned(
    path: Path, what: str, rows: Sequence[Row] = ALL, *, version: int = 4, recorded: Recorded | None = None
) -> bool:
    return any(what in warning for warning in summary(path, rows, version=version, recorded=recorded).warnings)


def session(**more: object) -> Recorded:
    return Recorded(versions=FRESH, sessions=[SessionRow(**more)])  # type: ignore[arg-type]


def test_the_json_has_the_keys_that_scripts_rely_on(tmp_path: Path) -> None:
    told = msgspec.to_builtins(summary(tmp_path))
    assert set(told) == {
        *("files", "schema_versions", "items", "corrupt", "deleted", "by_type", "synced_from", "synced_to", "warnings")
    }
    assert set(told["by_type"]["dashboard"]) == {"items", "corrupt", "deleted", "bytes"}
    assert told["files"] == [str(tmp_path / "vault.db")]


def test_live_deleted_and_corrupt_objects_are_counted_apart_and_copies_once(tmp_path: Path) -> None:
    rows = [
        Row(type="dashboard", id="1", content=dashboard()),
        Row(type="dashboard", id="dashboard::1", content=dashboard(), synced_at="2026-01-01T00:00:00+00:00"),
        Row(type="dashboard", id="2", content=dashboard("2"), deleted_at="2026-03-02T00:00:00"),
        Row(type="dashboard", id="3", content=b""),
        Row(type="look", id="4", content=b"\xc1", deleted_at="2026-03-02T00:00:00"),
        row_of("group"),
    ]
    told = summary(tmp_path, rows)
    counts = {name: (of.items, of.corrupt, of.deleted) for name, of in told.by_type.items()}
    assert counts == {"dashboard": (1, 1, 1), "look": (0, 0, 1), "group": (1, 0, 0)}
    assert (told.items, told.corrupt, told.deleted) == (2, 1, 2)
    assert told.by_type["dashboard"].bytes == sum(int(str(row.columns()["content_size"])) for row in (rows[0], rows[2]))


def test_the_age_is_told_in_utc(tmp_path: Path) -> None:
    rows = [
        row_of("dashboard", synced_at="2026-03-01T14:00:00+02:00"),
        row_of("group", synced_at="2026-03-01T13:00:00+00:00"),
    ]
    told = summary(tmp_path, rows)
    assert (told.synced_from, told.synced_to) == (
        "2026-03-01T12:00:00.000000+00:00",
        "2026-03-01T13:00:00.000000+00:00",
    )


def test_an_empty_backup_is_told_as_such(tmp_path: Path) -> None:
    told = summary(tmp_path, [])
    assert (told.items, told.synced_from, told.by_type) == (0, None, {})
    assert any("holds no dashboard, no look" in warning for warning in told.warnings)


def test_a_sound_backup_has_no_warning_but_what_every_backup_lacks(tmp_path: Path) -> None:
    rows = [row for row in ALL if row.type != "look"]
    rows.append(row_of("look", content={**SAMPLES["look"], "query": {"model": "m", "view": "v"}}))
    told = summary(tmp_path, rows, recorded=session())
    assert [warning for warning in told.warnings if "explores are never" not in warning] == []


def test_missing_types_are_named(tmp_path: Path) -> None:
    assert warned(tmp_path, "holds no board, no user", [row for row in ALL if row.type not in {"user", "board"}])


@pytest.mark.parametrize(("status", "expected"), [("failed", True), ("running", True), ("completed", False)])
def test_an_extraction_that_did_not_complete_is_told(tmp_path: Path, status: str, expected: bool) -> None:
    assert warned(tmp_path, f"is recorded as {status}", recorded=session(status=status)) is expected


@pytest.mark.parametrize(("count", "expected"), [(2, True), (0, False)])
def test_errors_of_a_completed_extraction_are_told(tmp_path: Path, count: int, expected: bool) -> None:
    assert warned(tmp_path, "had 2 errors", recorded=session(error_count=count)) is expected


@pytest.mark.parametrize(
    ("version", "versions", "expected"),
    [
        (1, [(1, "2025-01-01T00:00:00")], True),
        (3, [(3, "2025-01-01T00:00:00")], True),
        (4, MIGRATED, True),
        (4, FRESH, False),
    ],
)
def test_files_in_which_types_overwrote_each_other_are_told(
    tmp_path: Path, version: int, versions: Sequence[tuple[int, str]], expected: bool
) -> None:
    rows = [row_of("dashboard")]
    what = "may have overwritten each other"
    assert warned(tmp_path, what, rows, version=version, recorded=Recorded(versions=versions)) is expected


def test_composite_ids_cannot_have_overwritten_each_other(tmp_path: Path) -> None:
    rows = [row_of("dashboard", id="dashboard::1"), row_of("group", id="group::1")]
    assert not warned(tmp_path, "overwritten", rows, version=1)


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        (session(), True),
        (session(started_at="2026-02-27T00:00:00+00:00"), False),
        (session(incremental=True), False),
        (session(types=[2, 3]), False),
        (session(started_at="2026-03-05T00:00:00+00:00"), False),
    ],
    ids=["older than the extraction", "newer", "incremental", "another type", "extraction without a row"],
)
def test_rows_that_the_last_extraction_did_not_see_are_told(tmp_path: Path, recorded: Recorded, expected: bool) -> None:
    rows = [row_of("dashboard", synced_at=BEFORE), row_of("group", synced_at=AFTER)]
    assert (
        warned(tmp_path, "1 rows (1 dashboard) are older than the last extraction", rows, recorded=recorded) is expected
    )


def test_several_copies_of_an_object_are_told(tmp_path: Path) -> None:
    rows = [row_of("dashboard"), row_of("dashboard", id="dashboard::1")]
    told = summary(tmp_path, rows).warnings
    assert any("1 dashboard objects have more than one copy; using the newest: 1" in warning for warning in told)
    assert any("written in both ways" in warning for warning in told)


@pytest.mark.parametrize(("synced_at", "expected"), [("2026-03-01T12:00:00", True), (AFTER, False)])
def test_sync_times_without_an_offset_are_told(tmp_path: Path, synced_at: str, expected: bool) -> None:
    assert warned(tmp_path, "without an offset", [row_of("dashboard", synced_at=synced_at)]) is expected


@pytest.mark.parametrize(("query_id", "expected"), [("78", True), ("77", False)])
def test_looks_whose_query_is_nowhere_in_the_backup_are_told(tmp_path: Path, query_id: str, expected: bool) -> None:
    """B11. The sample dashboard's tile embeds query 77."""
    rows = [row_of("dashboard"), row_of("look", content={**SAMPLES["look"], "query_id": query_id})]
    assert warned(tmp_path, "looks have no query definition", rows) is expected


def test_merged_queries_and_dashboards_without_tiles_are_told(tmp_path: Path) -> None:
    bare = {name: value for name, value in dashboard("2").items() if name != "dashboard_elements"}
    merged = dashboard("3", dashboard_elements=[{"id": "31", "merge_result_id": "abc"}])
    rows = [Row(type="dashboard", id=content["id"], content=content) for content in (bare, merged)]
    told = summary(tmp_path, rows).warnings
    assert any("1 tiles show merged queries" in warning for warning in told)
    assert any("1 dashboards were backed up without tiles" in warning for warning in told)


def test_corrupt_and_oversized_rows_are_named_and_none_is_dropped_silently(tmp_path: Path) -> None:
    rows = [Row(type="dashboard", id=str(number), content=b"") for number in range(30)]
    rows.append(Row(type="dashboard", id="big", content=bytes(schema.DEFAULT_MAX_ITEM_BYTES + 1)))
    told = summary(tmp_path, rows)
    assert told.corrupt == 30
    assert sum("dashboard=" in warning for warning in told.warnings) == 20
    assert any("11 more objects are corrupt or too large" in warning for warning in told.warnings)


@pytest.mark.parametrize(
    "damage", ["DROP TABLE extraction_sessions", "DROP TABLE schema_version", "DROP TABLE sync_checkpoints"]
)
def test_a_backup_without_its_side_tables_is_read(tmp_path: Path, damage: str) -> None:
    path = build(tmp_path / "vault.db", ALL, recorded=session(status="failed"))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(damage)
    with Vault.open([str(path)]) as vault:
        assert vault.summary().items == len(ALL)


def test_the_fingerprint_follows_the_content_not_the_bytes(tmp_path: Path) -> None:
    def fingerprint(*paths: Path) -> str:
        with Vault.open([str(path) for path in paths]) as vault:
            return vault.fingerprint()

    one, two = (
        build(tmp_path / "1.db", ALL),
        build(tmp_path / "2.db", [row_of("group", id="2", content={"id": "2", "name": "n"})]),
    )
    packed, vacuumed = tmp_path / "copy.db.gz", tmp_path / "vacuumed.db"
    packed.write_bytes(gzip.compress(one.read_bytes()))
    with closing(sqlite3.connect(one)) as connection, connection:
        connection.execute("VACUUM INTO ?", (str(vacuumed),))
    assert fingerprint(one) == fingerprint(packed) == fingerprint(vacuumed)
    assert fingerprint(one, two) == fingerprint(two, one)
    assert len({fingerprint(one), fingerprint(two), fingerprint(one, two)}) == 3
    with closing(sqlite3.connect(vacuumed)) as connection, connection:
        connection.execute("UPDATE content_items SET synced_at = '2026-03-03T00:00:00+00:00' WHERE content_type = 1")
    assert fingerprint(vacuumed) != fingerprint(one)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (dashboard(), "22.4"),
        (dashboard(certification_metadata={"notes": "n"}), "25.20"),
        (dashboard(dashboard_elements=[{"id": "1", "aria_description": None}]), "25.18"),
        (dashboard(of_the_future=1), "22.4"),
    ],
)
def test_the_release_is_at_least_that_of_the_youngest_field(
    tmp_path: Path, content: dict[str, object], expected: str
) -> None:
    with Vault.open([str(build(tmp_path / "vault.db", [Row(type="dashboard", content=content)]))]) as vault:
        assert vault.release_floor() == expected


def test_what_was_added_by_a_later_extraction_proves_nothing_about_the_older_rows(tmp_path: Path) -> None:
    rows = [
        Row(type="dashboard", id="1", content=dashboard(), synced_at="2024-01-01T00:00:00+00:00"),
        Row(type="dashboard", id="2", content=dashboard("2", certification_metadata={"notes": "n"})),
        Row(type="dashboard", id="3", content=b""),
    ]
    with Vault.open([str(build(tmp_path / "vault.db", rows))]) as vault:
        assert vault.release_floor() == "22.4"


def test_mappings_that_lookervault_recorded_are_handed_on(tmp_path: Path) -> None:
    path = build(tmp_path / "vault.db", ALL)
    rows = [
        ("prod", 1, "dashboard::1", "10", "2026-01-01", None),
        ("prod", 8, "2", "20", "2026-01-02", None),
        ("prod", 99, "3", "30", "", None),
    ]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany("INSERT INTO id_mappings VALUES (?, ?, ?, ?, ?, ?)", rows)
    with Vault.open([str(path)]) as vault:
        assert list(vault.mappings()) == [
            ForeignMapping(ObjectMapping("dashboard", "1", "10"), "prod", ""),
            ForeignMapping(ObjectMapping("group", "2", "20"), "prod", ""),
        ]


def test_the_formats_types_are_the_ontologys() -> None:
    assert {name: kind.number for name, kind in schema.VAULT_TYPES.items()} == {
        name: content_type.vault_number for name, content_type in CONTENT_TYPES.items()
    }


def test_importing_the_reader_imports_neither_the_sdk_nor_its_http_client() -> None:
    script = """if True:
        import sys, lrestore.vault
        print([name for name in ('looker_sdk', 'requests', 'urllib3', 'cattr') if name in sys.modules])
    """
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=HANG_S)
    assert done.stdout == "[]\n"


def test_listing_does_not_import_the_sdk(tmp_path: Path) -> None:
    path = build(tmp_path / "vault.db", ALL)
    script = """if True:
        import sys
        from lrestore.vault import Vault
        with Vault.open([sys.argv[1]]) as vault:
            n = len(list(vault.index())); vault.warnings; vault.fingerprint()
        print(n, 'looker_sdk' in sys.modules)
    """
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True, timeout=HANG_S
    )
    assert done.stdout == f"{len(ALL)} False\n"
