"""Opening backups: what is accepted, what is refused and how, and that nothing of the user's changes."""

from __future__ import annotations

import gzip
import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lrestore.errors import CorruptItemError, VaultError
from lrestore.messages import ItemKey
from lrestore.vault import Vault, schema
from tests.vault.builder import Row, build, dashboard, insert, row_of
from tests.waiting import HANG_S

KEY = ItemKey("dashboard", "1")


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    return build(tmp_path / "vault.db", [row_of("dashboard")])


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    return directory


@pytest.fixture
def with_wal(tmp_path: Path) -> Iterator[Path]:
    """A file whose newest row is in its -wal only, as a crash of LookerVault leaves it."""
    path = build(tmp_path / "crashed.db", [row_of("dashboard")])
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    insert(writer, Row(type="dashboard", id="2", content=dashboard("2", "From the WAL")))
    yield path
    writer.close()


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def overwrite_pages(path: Path, chosen: Callable[[bytes], bool], start: bytes) -> None:
    data = bytearray(path.read_bytes())
    pages = [
        n for n in range(0, len(data), schema.PAGE_SIZE_BYTES) if chosen(bytes(data[n : n + schema.PAGE_SIZE_BYTES]))
    ]
    assert pages
    for position in pages:
        data[position : position + len(start)] = start
    path.write_bytes(data)


def refusal(*paths: object) -> str:
    with pytest.raises(VaultError) as caught:
        Vault.open([str(path) for path in paths])
    return str(caught.value)


def test_reading_leaves_the_file_and_its_directory_untouched(backup: Path) -> None:
    """B25: LookerVault writes its own state into the backup it reads."""
    before, touched = contents(backup.parent), backup.stat().st_mtime_ns
    with Vault.open([str(backup)]) as vault:
        vault.read(KEY)
        vault.summary()
        vault.fingerprint()
        vault.release_floor()
        during = contents(backup.parent)
    assert before == during == contents(backup.parent)
    assert backup.stat().st_mtime_ns == touched


def test_rows_that_are_only_in_the_wal_are_read_and_the_three_files_stay_as_they_are(
    with_wal: Path, temporary: Path
) -> None:
    before = {name: data for name, data in contents(with_wal.parent).items() if name.startswith("crashed")}
    assert len(before["crashed.db-wal"]) > 0
    with Vault.open([str(with_wal)]) as vault:
        assert vault.read(ItemKey("dashboard", "2")).name == "From the WAL"
    after = {name: data for name, data in contents(with_wal.parent).items() if name.startswith("crashed")}
    assert after == before
    assert list(temporary.iterdir()) == []


def test_a_wal_without_its_shm_is_read_too_and_gets_none(with_wal: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("crashed.db", "crashed.db-wal"):
        (copy / name).write_bytes((tmp_path / name).read_bytes())
    with Vault.open([str(copy / "crashed.db")]) as vault:
        assert vault.read(ItemKey("dashboard", "2")).name == "From the WAL"
    assert sorted(path.name for path in copy.iterdir()) == ["crashed.db", "crashed.db-wal"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_wal_in_a_read_only_directory_is_read(with_wal: Path) -> None:
    with_wal.parent.chmod(0o500)
    try:
        with Vault.open([str(with_wal)]) as vault:
            assert vault.read(ItemKey("dashboard", "2")).name == "From the WAL"
    finally:
        with_wal.parent.chmod(0o700)


def test_an_empty_wal_does_not_matter(backup: Path) -> None:
    wal = backup.with_name("vault.db-wal")
    wal.touch()
    with Vault.open([str(backup)]) as vault:
        assert vault.opened == ((str(backup), str(backup)),)
    assert wal.exists()


def test_a_change_that_was_cut_off_is_rolled_back_in_a_copy(tmp_path: Path) -> None:
    """A hot rollback journal: read as it stands, the file would show half of a change."""
    path = build(tmp_path / "vault.db", [row_of("dashboard")])
    script = """if True:
        import os, sqlite3, sys
        c = sqlite3.connect(sys.argv[1], isolation_level=None)
        for pragma in ("journal_mode = DELETE", "cache_spill = 1", "cache_size = 1"):
            c.execute(f"PRAGMA {pragma}")
        c.execute("BEGIN"); c.execute("UPDATE content_items SET name = 'half done', content_size = 1")
        c.execute("CREATE TABLE filler AS SELECT zeroblob(500000) AS x")
        os.kill(os.getpid(), 9)
    """
    subprocess.run([sys.executable, "-c", script, str(path)], check=False, timeout=HANG_S)
    before = contents(tmp_path)
    assert len(before["vault.db-journal"]) > 0
    with Vault.open([str(path)]) as vault:
        assert vault.read(KEY).row.corrupt == ""
    assert contents(tmp_path) == before


def test_gzip_is_known_by_its_first_bytes_and_unpacked_into_a_private_file(backup: Path, temporary: Path) -> None:
    packed = backup.with_name("backup-without-suffix")
    packed.write_bytes(gzip.compress(backup.read_bytes()))
    backup.unlink()
    with Vault.open([str(packed)]) as vault:
        ((shown, real_path),) = vault.opened
        copy = Path(real_path)
        assert shown == str(packed)
        assert vault.read(KEY).name == "Sales"
        assert temporary in copy.parents
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        assert stat.S_IMODE(copy.parent.stat().st_mode) == 0o700
        with Vault.reopen(vault.opened) as of_another_process:
            assert of_another_process.read(KEY).name == "Sales"
            copy.write_bytes(b"changed under its feet")
            with pytest.raises(VaultError, match="backup-without-suffix: "):
                list(of_another_process.index())
    assert list(temporary.iterdir()) == []
    assert list(packed.parent.glob("backup*")) == [packed]


def test_a_private_copy_goes_away_with_the_vault_even_if_nobody_closes_it(backup: Path, temporary: Path) -> None:
    packed = backup.with_name("vault.db.gz")
    packed.write_bytes(gzip.compress(backup.read_bytes()))
    vault = Vault.open([str(packed)])
    assert list(temporary.iterdir()) != []
    del vault
    assert list(temporary.iterdir()) == []


def test_what_a_killed_process_left_is_removed_by_the_next_and_what_a_living_one_uses_is_kept(
    backup: Path, temporary: Path
) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait(timeout=HANG_S)
    abandoned, in_use = temporary / f"lrestore-vault-{dead.pid}-x", temporary / f"lrestore-vault-{os.getppid()}-x"
    for directory in (abandoned, in_use):
        directory.mkdir()
        (directory / "1.db").touch()
    packed = backup.with_name("vault.db.gz")
    packed.write_bytes(gzip.compress(backup.read_bytes()))
    with Vault.open([str(packed)]):
        assert not abandoned.exists()
    assert list(temporary.iterdir()) == [in_use]


@pytest.mark.parametrize("name", ["a?b.db", "a#b.db", "50%20.db", "with space.db", "[x].db", "Größe.db", "a&b=c.db"])
def test_any_file_name_can_be_opened(tmp_path: Path, name: str) -> None:
    path = build(tmp_path / name, [row_of("dashboard")])
    with Vault.open([str(path)]) as vault:
        assert vault.paths == (str(path),)
        assert vault.read(KEY).name == "Sales"


def test_several_files_and_globs_are_one_source_each_file_once(tmp_path: Path) -> None:
    for number in ("1", "2", "3"):
        build(tmp_path / f"shard-{number}.db", [Row(type="dashboard", id=number, content=dashboard(number))])
    (tmp_path / "shard-1.db-wal").touch()
    with Vault.open([str(tmp_path / "shard-2.db"), str(tmp_path / "shard-*")]) as vault:
        assert [Path(path).name for path in vault.paths] == ["shard-2.db", "shard-1.db", "shard-3.db"]
        assert {row.key.id for row in vault.index()} == {"1", "2", "3"}
        assert vault.read(ItemKey("dashboard", "3")).key.id == "3"


def test_what_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "missing.db")
    assert "missing.db" in refusal(tmp_path / "missing.db")
    assert "no file matches" in refusal(tmp_path / "shard-*.db")
    assert "is a directory" in refusal(tmp_path)
    assert "no such file" in refusal("nul\0.db")
    assert "File name too long" in refusal(tmp_path / ("x" * 5000))
    assert "no backup file was named" in refusal()


def test_a_dangling_link_and_a_pipe_are_refused(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "nowhere.db")
    os.mkfifo(tmp_path / "pipe.db")
    assert "no such file" in refusal(tmp_path / "link.db")
    assert "not a regular file" in refusal(tmp_path / "pipe.db")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_refused(backup: Path) -> None:
    backup.chmod(0)
    assert "cannot be read" in refusal(backup)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"title,id\nSales,1\n" * 10, "neither an SQLite file nor a gzip"),
        (bytes(range(256)) * 64, "neither an SQLite file nor a gzip"),
        (b"SQLite format 3\x00", "cut short"),
        (gzip.compress(b"not a database", mtime=0), "neither an SQLite file nor a gzip"),
        (gzip.compress(b"", mtime=0), "is empty"),
        (b"\x1f\x8bgarbage", "damaged"),
    ],
    ids=["empty", "text", "binary", "header only", "gzip of text", "gzip of nothing", "no gzip"],
)
def test_what_is_no_sqlite_file_is_refused_with_the_reason(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "vault.db"
    path.write_bytes(data)
    message = refusal(path)
    assert reason in message
    assert str(path) in message


def test_files_that_were_cut_off_are_refused_at_once(backup: Path, temporary: Path) -> None:
    whole = backup.read_bytes()
    backup.write_bytes(whole[: len(whole) // 2])
    assert "cut short" in refusal(backup)
    packed = gzip.compress(whole, mtime=0)
    backup.write_bytes(packed[: len(packed) // 2])
    assert "cut short or damaged" in refusal(backup)
    backup.write_bytes(gzip.compress(whole[: len(whole) // 2]))
    assert "cut short" in refusal(backup)
    backup.write_bytes(packed[:-8] + bytes(8))
    assert "cut short or damaged" in refusal(backup)
    assert list(temporary.iterdir()) == []


def test_an_sqlite_file_that_is_no_backup_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection, connection:
        connection.execute("CREATE TABLE sessions (id)")
    assert "no table content_items" in refusal(other)
    with closing(sqlite3.connect(other)) as connection, connection:
        connection.execute("CREATE TABLE content_items (id, content_type, name)")
    assert "content_items lacks content_data, content_size" in refusal(other)


def test_one_bad_file_among_good_ones_is_refused_and_nothing_stays_behind(backup: Path, temporary: Path) -> None:
    packed = backup.with_name("a.db.gz")
    packed.write_bytes(gzip.compress(backup.read_bytes()))
    assert "missing.db" in refusal(packed, backup.with_name("missing.db"))
    assert list(temporary.iterdir()) == []


def test_a_damaged_page_of_one_blob_fails_that_item_only(tmp_path: Path) -> None:
    """FR-022."""
    rows = [row_of("dashboard"), Row(type="dashboard", id="2", content=dashboard("2", "x" * 60_000))]
    path = build(tmp_path / "vault.db", rows)
    overwrite_pages(path, lambda page: page[4:] == b"x" * len(page[4:]), b"\xff" * 4)
    with Vault.open([str(path)]) as vault:
        assert {row.key.id: bool(row.corrupt) for row in vault.index()} == {"1": False, "2": True}
        assert vault.read(KEY).name == "Sales"
        with pytest.raises(CorruptItemError, match="SQLite cannot read it"):
            vault.read(ItemKey("dashboard", "2"))


def test_damaged_pages_of_the_table_stop_the_run_with_the_file_named(tmp_path: Path) -> None:
    rows = [Row(type="dashboard", id=str(n), content=dashboard(str(n), "x" * 6000)) for n in range(1, 40)]
    path = build(tmp_path / "vault.db", rows)
    overwrite_pages(path, lambda page: b"x" * 6000 in page, b"\xff" * 64)
    with Vault.open([str(path)]) as vault, pytest.raises(VaultError, match=r"vault\.db: SQLite cannot read it"):
        list(vault.index())


def test_a_file_that_changes_while_it_is_read_stops_the_run(backup: Path) -> None:
    with Vault.open([str(backup)]) as vault:
        vault.read(KEY)
        with closing(sqlite3.connect(backup)) as writer, writer:
            insert(writer, Row(type="dashboard", id="2", content=dashboard("2")))
        with pytest.raises(VaultError, match="was changed while it was being read"):
            vault.read(KEY)


def test_no_room_for_a_private_copy_is_said_with_the_remedy(backup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = backup.with_name("vault.db.gz")
    packed.write_bytes(gzip.compress(backup.read_bytes()))
    monkeypatch.setattr(tempfile, "tempdir", "/dev/full/nowhere")
    message = refusal(packed)
    assert "cannot make a private copy" in message
    assert "TMPDIR" in message


def bomb(path: Path, pages: int, zeros: int) -> None:
    """A gzip file of an SQLite header that announces ``pages`` pages of 64 KiB, and of zeros."""
    header = bytearray(b"SQLite format 3\0".ljust(100, b"\0"))
    header[16:18] = (1).to_bytes(2, "big")
    header[28:32] = pages.to_bytes(4, "big")
    with gzip.open(path, "wb", compresslevel=1) as packed:
        packed.write(header)
        for _ in range(zeros >> 20):
            packed.write(bytes(1 << 20))


def test_a_backup_that_would_not_fit_is_refused_before_it_is_unpacked(tmp_path: Path, temporary: Path) -> None:
    packed = tmp_path / "vault.db.gz"
    bomb(packed, pages=2**32 - 1, zeros=1 << 20)
    message = refusal(packed)
    assert "it would need 262144.0 GiB" in message and str(temporary) in message and "TMPDIR" in message
    assert list(temporary.iterdir()) == []


def test_a_gzip_file_that_holds_far_more_than_it_announces_is_refused_and_leaves_nothing_behind(
    tmp_path: Path, temporary: Path
) -> None:
    packed = tmp_path / "vault.db.gz"
    bomb(packed, pages=16, zeros=100 << 20)
    assert "holds more than the 1048576 bytes that its SQLite header announces" in refusal(packed)
    assert list(temporary.iterdir()) == []


def test_what_follows_the_last_page_is_not_written(backup: Path, temporary: Path) -> None:
    packed, size = backup.with_name("vault.db.gz"), backup.stat().st_size
    packed.write_bytes(gzip.compress(backup.read_bytes() + bytes(1 << 20)))
    with Vault.open([str(packed)]) as vault:
        assert Path(vault.opened[0][1]).stat().st_size == size
        assert vault.read(KEY).name == "Sales"


def test_what_a_killed_process_left_is_removed_by_the_next_that_opens_any_backup(backup: Path, temporary: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (temporary / f"lrestore-vault-{dead.pid}-x").mkdir()
    with Vault.open([str(backup)]):
        assert list(temporary.iterdir()) == []
