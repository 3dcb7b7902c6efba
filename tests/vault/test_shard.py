"""Writing files in the backup's own format."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from lrestore.errors import VaultError
from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey
from lrestore.vault import ShardWriter, Vault
from tests.vault.builder import MADE_AT, SAMPLES, dashboard
from tests.vault.extracted import backed_up
from tests.waiting import HANG_S


def test_what_is_put_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "undo" / "undo-1.db"
    with ShardWriter(path) as shard:
        for name, sample in SAMPLES.items():
            shard.put(name, sample.get("id") or sample["name"], "a name", sample)
    with Vault.open([str(path)]) as vault:
        for name, sample in SAMPLES.items():
            assert vault.read(ItemKey(name, sample.get("id") or sample["name"])).raw == sample
        assert (vault.summary().schema_versions, vault.summary().items) == ([4], len(SAMPLES))
        assert not any("before version 4" in warning for warning in vault.warnings)


def test_columns_are_written_as_lookervault_writes_them(tmp_path: Path) -> None:
    local = datetime(2024, 3, 5, 8, 7, 8, tzinfo=timezone(timedelta(hours=2)))
    with ShardWriter(tmp_path / "shard.db") as shard:
        shard.put(
            "dashboard", "1", "Sales", dashboard(), owner_id="7", created_at=local, updated_at="2024-01-01T00:00:00",
            synced_at=MADE_AT, folder_id="5", deleted_at=MADE_AT,
        )  # fmt: skip
        shard.put("look", "2", "L", {}, owner_id="someone")
    connection = sqlite3.connect(tmp_path / "shard.db")
    rows = connection.execute("SELECT * FROM content_items ORDER BY id").fetchall()
    settings = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "journal_mode")]
    connection.close()
    assert rows[0][:9] == (
        "1", 1, "Sales", 7, None, "2024-03-05T06:07:08+00:00", "2024-01-01T00:00:00",
        "2024-03-05T06:07:08.123000+00:00", "2024-03-05T06:07:08.123000+00:00",
    )  # fmt: skip
    assert rows[0][9] == len(rows[0][10])
    assert rows[0][11] == "5"
    assert rows[1][3] is None
    assert settings == [16384, "wal"]


def test_the_second_put_replaces_the_first_and_holds_tells_before(tmp_path: Path) -> None:
    with ShardWriter(tmp_path / "shard.db") as shard:
        assert not shard.holds("dashboard", "1")
        shard.put("dashboard", "1", "first", dashboard(title="first"))
        assert shard.holds("dashboard", "1")
        assert not shard.holds("look", "1")
        shard.put("dashboard", "1", "second", dashboard(title="second"))
    with Vault.open([str(tmp_path / "shard.db")]) as vault:
        assert vault.read(ItemKey("dashboard", "1")).name == "second"


def test_a_shard_is_continued_when_opened_again(tmp_path: Path) -> None:
    for id in ("1", "2"):
        with ShardWriter(tmp_path / "shard.db") as shard:
            shard.put("dashboard", id, "x", dashboard(id))
    with Vault.open([str(tmp_path / "shard.db")]) as vault:
        assert {row.key.id for row in vault.index()} == {"1", "2"}


def test_what_was_put_survives_kill_9_at_once(tmp_path: Path) -> None:
    """The copy has to be there before the write that it protects from goes out."""
    script = """if True:
        import os, sys
        from lrestore.vault import ShardWriter
        shard = ShardWriter(sys.argv[1])
        shard.put("dashboard", "1", "kept", {"id": "1", "title": "kept"})
        os.kill(os.getpid(), 9)
    """
    path = tmp_path / "shard.db"
    done = subprocess.run([sys.executable, "-c", script, str(path)], check=False, timeout=HANG_S)
    assert done.returncode == -9
    with Vault.open([str(path)]) as vault:
        assert vault.read(ItemKey("dashboard", "1")).name == "kept"


def put_two(shard: ShardWriter, ids: tuple[str, str]) -> None:
    for id in ids:
        shard.put("dashboard", id, "x", dashboard(id))


def test_a_batch_is_stored_whole_or_not_at_all(tmp_path: Path) -> None:
    with ShardWriter(tmp_path / "shard.db") as shard:
        with shard.batch():
            put_two(shard, ("1", "2"))
        with pytest.raises(ValueError, match="without an id"), shard.batch():
            put_two(shard, ("3", ""))
        shard.put("dashboard", "4", "x", dashboard("4"))
    with Vault.open([str(tmp_path / "shard.db")]) as vault:
        assert {row.key.id for row in vault.index()} == {"1", "2", "4"}


def test_several_threads_write_to_one_shard(tmp_path: Path) -> None:
    with ShardWriter(tmp_path / "shard.db") as shard:

        def put_all(start: int) -> None:
            for number in range(start, start + 20):
                shard.put("dashboard", str(number), "x", dashboard(str(number)))

        threads = [threading.Thread(target=put_all, args=(start,)) for start in (0, 100, 200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=HANG_S)
    with Vault.open([str(tmp_path / "shard.db")]) as vault:
        assert vault.summary().items == 60


def test_only_the_owner_may_read_a_shard_and_closing_leaves_one_file(tmp_path: Path) -> None:
    with ShardWriter(tmp_path / "shard.db") as shard:
        shard.put("dashboard", "1", "x", dashboard())
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"shard.db": 0o600, "shard.db-wal": 0o600, "shard.db-shm": 0o600}
    assert [path.name for path in tmp_path.iterdir()] == ["shard.db"]


_WANTS_IT_ALONE = """
import sqlite3, sys
print(sqlite3.connect(sys.argv[1], timeout=0).execute("PRAGMA journal_mode = DELETE").fetchone()[0])
"""


def test_a_shard_that_is_opened_twice_in_one_process_stays_locked_against_others(tmp_path: Path) -> None:
    """Without the lock another process takes itself for the last one, and removes the log that is being read."""
    path = tmp_path / "shard.db"
    with ShardWriter(path) as reading:
        assert not reading.holds("dashboard", "1")
        with ShardWriter(path):
            other = subprocess.run(
                [sys.executable, "-c", _WANTS_IT_ALONE, path], capture_output=True, text=True, check=False
            )
    assert "database is locked" in other.stderr


def test_what_cannot_be_stored_is_refused(tmp_path: Path) -> None:
    with ShardWriter(tmp_path / "shard.db") as shard:
        with pytest.raises(ValueError, match="there is no content type 'dashbord'"):
            shard.put("dashbord", "1", "x", {})
        with pytest.raises(ValueError, match="without an id"):
            shard.put("dashboard", "", "x", {})


def test_a_place_that_cannot_be_written_to_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "shard.db", tmp_path):
        with pytest.raises(VaultError, match="cannot be written"):
            ShardWriter(path)
    (tmp_path / "text.db").write_text("not a database, but long enough to be looked at" * 100)
    with pytest.raises(VaultError, match=r"text\.db: cannot be written"):
        ShardWriter(tmp_path / "text.db")


def test_a_full_disk_is_an_error_that_names_the_shard(tmp_path: Path) -> None:
    with ShardWriter(tmp_path / "shard.db") as shard:
        shard._connection.execute("PRAGMA max_page_count = 30")
        with pytest.raises(VaultError, match=r"shard\.db: cannot be written: database or disk is full"):
            shard.put("dashboard", "1", "x", dashboard(description="x" * 1_000_000))


def test_a_backup_of_an_api_object_lacks_what_lookervault_loses() -> None:
    look = {
        "id": "1", "title": "t", "description": None, "created_at": "2024-03-05T08:07:08.123+02:00",
        "query": {"id": "7"}, "folder": {"id": "5", "name": "F"}, "of_the_future": 1,
    }  # fmt: skip
    stored = backed_up("look", look)
    assert set(stored) == {"id", "title", "created_at", "folder"}
    assert stored["created_at"] == MADE_AT
    assert MADE_AT.tzinfo is UTC


def test_a_backed_up_part_has_all_fields_of_its_class(tmp_path: Path) -> None:
    with ShardWriter(tmp_path / "shard.db") as shard:
        shard.put(
            "dashboard", "1", "x", backed_up("dashboard", {**dashboard(), "created_at": "2024-03-05T06:07:08.123Z"})
        )
    with Vault.open([str(tmp_path / "shard.db")]) as vault:
        raw: JsonObject = vault.read(ItemKey("dashboard", "1")).raw
    (tile,) = raw["dashboard_elements"]
    assert tile["body_text"] is None
    assert tile["query"]["pivots"] is None
    assert "description" not in raw
