"""Which files are one backup, and which backup counts: decided from real files."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from lrestore.errors import UsageError, VaultError
from lrestore.messages import ItemKey
from lrestore.settings import SourceSettings
from lrestore.vault.backups.as_of import last_moment
from lrestore.vault.backups.source import open_source
from tests.vault.builder import Recorded, Row, SessionRow, build, dashboard, named

EVERYTHING = ("user=1", "folder=5", "dashboard=1", "dashboard=2", "look=7")


def _row(key: str, synced_at: str) -> Row:
    type, _, id = key.partition("=")
    content = dashboard(id) if type == "dashboard" else {**named(id, key), "title": key}
    return Row(type=type, id=id, content=content, synced_at=synced_at)


def _file(path: Path, date: str, *keys: str, session: SessionRow | None = None, **older: str) -> Path:
    """A backup file whose rows are of ``date``, except those that ``older`` names with ``_`` for ``=``."""
    rows = [_row(key, older.get(key.replace("=", "_"), f"{date}+00:00")) for key in keys]
    return build(path, rows, recorded=Recorded(versions=[(4, date)], sessions=[session] if session else []))


def _chosen(tmp_path: Path, pattern: str = "*.db", as_of: str = "", *, merge: bool = False) -> tuple[list[str], str]:
    """The names of the chosen files, and why they count."""
    with open_source(SourceSettings(path=str(tmp_path / pattern), instance="prod", merge=merge), as_of) as vault:
        return [Path(path).name for path in vault.paths], vault.chosen


def _refused(tmp_path: Path, pattern: str = "*.db", as_of: str = "") -> str:
    with pytest.raises(VaultError) as caught:
        _chosen(tmp_path, pattern, as_of)
    assert caught.value.exit_code == 3
    return str(caught.value)


def test_the_newest_of_dated_backups_counts_and_an_object_of_an_older_one_is_not_in_it(tmp_path: Path) -> None:
    _file(tmp_path / "a.db", "2026-11-01T02:00:00", *EVERYTHING, "dashboard=9")
    _file(tmp_path / "c.db", "2026-11-02T02:00:00", *EVERYTHING)
    _file(tmp_path / "b.db", "2026-11-03T02:00:00", *EVERYTHING)
    assert _chosen(tmp_path) == (["b.db"], "the newest of 3 backups: 2026-11-03T02:00:00Z")
    with open_source(SourceSettings(path=str(tmp_path / "*.db"), instance="prod")) as vault:
        assert not vault.holds(ItemKey("dashboard", "9"))
    names, said = _chosen(tmp_path, merge=True)
    assert names == ["a.db", "b.db", "c.db"] and "3 files read as one ([source] merge)" in said


@pytest.mark.parametrize(
    ("as_of", "name"),
    [
        ("2026-11-01", "a.db"),
        ("2026-11-02T02:00:00Z", "c.db"),
        ("2026-11-02T02:00", "c.db"),
        ("2026-11-02T01:59:59Z", "a.db"),
        ("2026-11-02T04:00:00+02:00", "c.db"),
        ("2027-01-01", "b.db"),
    ],
)
def test_as_of_means_the_newest_that_is_not_younger(tmp_path: Path, as_of: str, name: str) -> None:
    for file, day in (("a.db", 1), ("c.db", 2), ("b.db", 3)):
        _file(tmp_path / file, f"2026-11-0{day}T02:00:00.75", *EVERYTHING)
    assert _chosen(tmp_path, as_of=as_of)[0] == [name]


def test_no_backup_is_old_enough(tmp_path: Path) -> None:
    _file(tmp_path / "a.db", "2026-11-01T02:00:00", *EVERYTHING)
    _file(tmp_path / "b.db", "2026-11-02T02:00:00", *EVERYTHING)
    told = _refused(tmp_path, as_of="2026-10-31")
    assert "2026-11-01T02:00:00Z" in told and "2026-11-02T02:00:00Z" in told and "2026-10-31" in told
    assert "2026-11-01T02:00:00Z" in _refused(tmp_path, "a.db", as_of="2026-10-31")
    assert _chosen(tmp_path, "a.db", as_of="2026-11-01")[0] == ["a.db"]


def test_a_date_lasts_until_its_last_moment() -> None:
    assert last_moment("2026-11-23").isoformat() == "2026-11-23T23:59:59.999999+00:00"
    assert last_moment("2026-11-23T10:05").isoformat() == "2026-11-23T10:05:59.999999+00:00"
    assert last_moment("2026-11-23 10:05:07.25Z").isoformat() == "2026-11-23T10:05:07.259999+00:00"
    assert last_moment("20261123T100507-01:00").isoformat() == "2026-11-23T10:05:07.999999-01:00"
    with pytest.raises(UsageError, match="is not a date"):
        last_moment("yesterday")


SHARDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "at once": {"2026-11-02T02:00:00": ("user=1", "dashboard=1"), "2026-11-02T02:00:01": ("dashboard=2", "look=7")},
    "hours apart": {"2026-11-02T02:00:00": ("user=1", "dashboard=1"), "2026-11-02T20:00:00": ("dashboard=2", "look=7")},
    "by type": {"2026-11-02T02:00:00": ("dashboard=1", "dashboard=2"), "2026-11-02T04:00:00": ("look=7",)},
}


@pytest.mark.parametrize("case", SHARDS)
def test_shards_of_one_backup_are_read_together(tmp_path: Path, case: str) -> None:
    for number, (date, keys) in enumerate(SHARDS[case].items()):
        _file(tmp_path / f"shard-{number}.db", date, *keys)
    assert _chosen(tmp_path) == (["shard-0.db", "shard-1.db"], "2 files, shards of one backup")


def _nights(tmp_path: Path, *, without: str = "") -> None:
    """Three shards a night; those of a night are extracted minutes apart, in another order each night."""
    for day, order in ((1, "abc"), (2, "cab"), (3, "bca")):
        for minute, shard in enumerate(order):
            if f"{shard}{day}" not in without:
                keys = {"a": ("user=1", "dashboard=1"), "b": ("dashboard=2",), "c": ("look=7", "folder=5")}[shard]
                _file(tmp_path / f"{shard}{day}.db", f"2026-11-0{day}T02:0{minute}:00", *keys)


def test_shards_of_each_night_are_one_backup(tmp_path: Path) -> None:
    _nights(tmp_path)
    assert _chosen(tmp_path)[0] == ["a3.db", "b3.db", "c3.db"]
    assert _chosen(tmp_path, as_of="2026-11-02T02:01:30")[0] == ["a1.db", "b1.db", "c1.db"]
    assert _chosen(tmp_path, as_of="2026-11-02")[0] == ["a2.db", "b2.db", "c2.db"]


def test_the_newest_night_lacks_a_shard(tmp_path: Path) -> None:
    _nights(tmp_path, without="b3")
    told = _refused(tmp_path)
    assert "no object of" in told and "b2.db" in told and "merge" in told and "--as-of" in told
    assert _chosen(tmp_path, as_of="2026-11-03")[0] == ["a3.db", "c3.db"]


def test_a_missing_shard_of_an_older_night_does_no_harm(tmp_path: Path) -> None:
    _nights(tmp_path, without="a2 c1")
    assert _chosen(tmp_path)[0] == ["a3.db", "b3.db", "c3.db"]


def test_disjoint_files_of_different_days_are_in_doubt_unless_they_are_named(tmp_path: Path) -> None:
    _file(tmp_path / "a.db", "2026-11-01T02:00:00", "dashboard=1")
    _file(tmp_path / "b.db", "2026-11-05T02:00:00", "dashboard=2")
    assert "a.db" in _refused(tmp_path)
    both = [str(tmp_path / "a.db"), str(tmp_path / "b.db")]
    with open_source(SourceSettings(path=both, instance="prod")) as vault:
        assert vault.holds(ItemKey("dashboard", "1")) and vault.holds(ItemKey("dashboard", "2"))


def test_a_partial_backup_that_is_newer_than_a_full_one_is_in_doubt(tmp_path: Path) -> None:
    _file(tmp_path / "full.db", "2026-11-01T02:00:00", *EVERYTHING)
    _file(tmp_path / "some.db", "2026-11-02T02:00:00", "dashboard=1", "dashboard=2")
    told = _refused(tmp_path)
    assert "holds no folder, no look, no user" in told and "2026-11-01T02:00:00Z" in told
    assert _chosen(tmp_path, as_of="2026-11-01")[0] == ["full.db"]
    with open_source(SourceSettings(path=str(tmp_path / "*.db"), instance="prod"), "2026-11-02") as vault:
        assert any("it may be a partial backup" in warning for warning in vault.warnings)


def test_a_partial_backup_that_is_older_does_no_harm(tmp_path: Path) -> None:
    _file(tmp_path / "some.db", "2026-11-01T02:00:00", "dashboard=1", "dashboard=2")
    _file(tmp_path / "full.db", "2026-11-02T02:00:00", *EVERYTHING)
    assert _chosen(tmp_path)[0] == ["full.db"]


def test_the_last_object_of_a_type_was_deleted_between_two_full_backups(tmp_path: Path) -> None:
    full = SessionRow(started_at="2026-11-02T01:00:00+00:00")
    _file(tmp_path / "a.db", "2026-11-01T02:00:00", *EVERYTHING)
    _file(tmp_path / "b.db", "2026-11-02T02:00:00", *EVERYTHING[:4], session=full)
    assert _chosen(tmp_path)[0] == ["b.db"]
    _file(tmp_path / "c.db", "2026-11-03T02:00:00", *EVERYTHING[:4])  # without a record, but with users and folders
    assert _chosen(tmp_path)[0] == ["c.db"]


@pytest.mark.parametrize("status", ["running", "failed"])
def test_the_newest_extraction_was_not_finished(tmp_path: Path, status: str) -> None:
    _file(tmp_path / "a.db", "2026-11-01T02:00:00", *EVERYTHING)
    _file(tmp_path / "b.db", "2026-11-02T02:00:00", *EVERYTHING, session=SessionRow(status=status))
    assert f"is recorded as {status}" in _refused(tmp_path)


def test_an_incremental_extraction_of_its_own_is_no_full_backup(tmp_path: Path) -> None:
    _file(tmp_path / "a.db", "2026-11-01T02:00:00", *EVERYTHING)
    _file(tmp_path / "b.db", "2026-11-02T02:00:00", "dashboard=1", session=SessionRow(incremental=True))
    assert "incremental" in _refused(tmp_path)


def test_snapshots_of_one_growing_file_are_several_backups(tmp_path: Path) -> None:
    """LookerVault writes into the same file each night; rows that it did not see again keep their sync time."""
    first = "2026-11-01T02:00:00+00:00"
    _file(tmp_path / "a.db", "2026-11-01T02:00:00", "user=1", "dashboard=1")
    _file(tmp_path / "b.db", "2026-11-01T20:00:00", "user=1", "dashboard=1", "look=7", user_1=first, dashboard_1=first)
    assert _chosen(tmp_path)[0] == ["b.db"]
    assert _chosen(tmp_path, as_of="2026-11-01T03:00")[0] == ["a.db"]


def test_files_that_share_rows_of_one_extraction_are_in_doubt(tmp_path: Path) -> None:
    _file(tmp_path / "a.db", "2026-11-01T02:00:00", "user=1", "dashboard=1")
    _file(tmp_path / "b.db", "2026-11-01T02:00:01", "user=1", "dashboard=2", user_1="2026-11-01T02:00:00+00:00")
    assert "rows of the same extraction" in _refused(tmp_path)
    assert _chosen(tmp_path, merge=True)[0] == ["a.db", "b.db"]
    _file(tmp_path / "c.db", "2026-11-01T02:00:01", "user=1")  # a part of another file, and as new
    assert "equally new" in _refused(tmp_path, "[bc].db")


def test_backups_of_two_instances_are_refused_whatever_the_date(tmp_path: Path) -> None:
    for name, at, born in (("a.db", "01", "2024"), ("b.db", "02", "2023"), ("c.db", "03", "2024")):
        synced_at = f"2026-11-{at}T02:00:00+00:00"
        rows = [replace(_row(key, synced_at), created_at=f"{born}-01-01T00:00:00") for key in EVERYTHING]
        build(tmp_path / name, rows)
    assert "different instances: most objects of" in _refused(tmp_path)
    assert "different instances" in _refused(tmp_path, as_of="2026-11-02")
    assert _chosen(tmp_path, "[ac].db")[0] == ["c.db"]
    moved = [replace(_row(key, synced_at), created_at=synced_at) for key in EVERYTHING]
    build(tmp_path / "d.db", [replace(row, synced_at="2026-11-03T02:01:00+00:00") for row in moved])
    assert _chosen(tmp_path, "[ad].db")[0] == ["d.db"], "the moment of the extraction is no time of creation"


def test_the_same_backup_under_several_names_is_read_once(tmp_path: Path) -> None:
    plain = _file(tmp_path / "a.db", "2026-11-01T02:00:00", *EVERYTHING)
    (tmp_path / "a.db.gz").write_bytes(gzip.compress(plain.read_bytes()))
    (tmp_path / "link.db").symlink_to(plain)
    with open_source(SourceSettings(path=str(tmp_path / "*.db*"), instance="prod")) as vault:
        assert [Path(path).name for path in vault.paths] == ["a.db"] and not vault.chosen
        assert any("holds the same rows" in warning and "a.db.gz" in warning for warning in vault.warnings)


def test_both_ways_of_writing_ids_are_the_same_object(tmp_path: Path) -> None:
    build(tmp_path / "a.db", [_row("look=7", "2026-11-01T02:00:00+00:00")])
    look = _row("look=7", "2026-11-02T01:00:00+00:00")
    build(tmp_path / "b.db", [Row(type="look", id="look::7", content=look.content, synced_at=look.synced_at)])
    assert _chosen(tmp_path)[0] == ["b.db"]


def test_equal_dates_are_in_doubt(tmp_path: Path) -> None:
    _file(tmp_path / "a.db", "2026-11-01T02:00:00", *EVERYTHING, user_1="2026-10-30T00:00:00+00:00")
    _file(tmp_path / "b.db", "2026-11-01T02:00:00", *EVERYTHING)
    assert "equally new" in _refused(tmp_path)
    assert "equally new" in _refused(tmp_path, as_of="2026-11-01")


def test_an_unreadable_file_among_several_is_named(tmp_path: Path) -> None:
    _file(tmp_path / "a.db", "2026-11-01T02:00:00", *EVERYTHING)
    _file(tmp_path / "b.db", "2026-11-02T02:00:00", *EVERYTHING)
    whole = (tmp_path / "b.db").read_bytes()
    (tmp_path / "b.db").write_bytes(whole[: len(whole) // 2])
    told = _refused(tmp_path)
    assert "b.db: is cut short" in told and "move it away" in told
    assert "move it away" not in _refused(tmp_path, "b.db", as_of="2026-11-02")


def test_a_file_without_objects_is_left_out_and_named(tmp_path: Path) -> None:
    _file(tmp_path / "a.db", "2026-11-01T02:00:00", *EVERYTHING)
    _file(tmp_path / "b.db", "2026-11-02T02:00:00")
    with open_source(SourceSettings(path=str(tmp_path / "*.db"), instance="prod")) as vault:
        assert any("no object is in it" in warning and "b.db" in warning for warning in vault.warnings)
    assert "holds an object" in _refused(tmp_path, "b.db", as_of="2026-11-02")


def test_files_without_a_readable_date_are_in_doubt(tmp_path: Path) -> None:
    _file(tmp_path / "a.db", "2026-11-01T02:00:00", *EVERYTHING)
    build(tmp_path / "b.db", [_row(key, "some time") for key in EVERYTHING])
    assert "readable sync time" in _refused(tmp_path)


def test_as_of_and_merge_exclude_each_other(tmp_path: Path) -> None:
    _file(tmp_path / "a.db", "2026-11-01T02:00:00", *EVERYTHING)
    with pytest.raises(UsageError, match="exclude each other"):
        _chosen(tmp_path, as_of="2026-11-01", merge=True)


def test_an_instance_that_is_called_by_a_file_is_warned_about(tmp_path: Path) -> None:
    _file(tmp_path / "looker-1.db", "2026-11-01T02:00:00", *EVERYTHING)
    _file(tmp_path / "looker-2.db", "2026-11-02T02:00:00", *EVERYTHING)
    with open_source(SourceSettings(path=str(tmp_path / "*.db"), instance="looker-1")) as vault:
        assert any("instance is not set" in warning for warning in vault.warnings)
