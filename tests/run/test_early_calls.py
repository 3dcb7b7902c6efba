"""The first calls are made while the backup is read; no error of usage or of the backup looks different for that."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from lrestore.credentials import Credentials
from lrestore.run.early_calls import early_calls
from lrestore.run.request import RunRequest
from lrestore.run.surroundings import Surroundings
from lrestore.settings import DestinationSettings, Settings, StateSettings
from lrestore.vault import schema
from lrestore.vault.reader import Vault
from lrestore.vault.shard import ShardWriter
from tests.run.cli_harness import SIZES, CliHarness
from tests.waiting import HANG_S

LOOKS = 14


@pytest.fixture
def harness(tmp_path: Path) -> CliHarness:
    """A backup of more looks than one process restores alone. The instance has none of them."""
    found = CliHarness(tmp_path, sizes=SIZES)
    (tmp_path / "vault.db").unlink()
    with ShardWriter(tmp_path / "vault.db") as shard, shard.batch():
        for number in map(str, range(101, 101 + LOOKS)):
            shard.put("look", number, "L", {"id": number, "title": f"L {number}", "folder_id": "1"})
    return found


def hide_two_rows(path: Path) -> None:
    """Damage the index of the types, so that it shows two looks less than there are."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        ((page,),) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'idx_content_type'")
    content = bytearray(path.read_bytes())
    end = page * schema.PAGE_SIZE_BYTES
    content[end - 11 : end] = bytes(11)  # the first two records, of 5 and 6 bytes: file format, 1.6 and 2.1
    path.write_bytes(content)


def operations(harness: CliHarness) -> list[str]:
    return [call["operation"] for call in harness.simulator.log()["calls"]]


def test_the_calls_are_made_before_a_row_is_read(harness: CliHarness) -> None:
    settings = Settings(
        destination=DestinationSettings(base_url=harness.simulator.base_url, name="dst"),
        state=StateSettings(path=str(harness.directory / "state.db")),
    )
    key = Credentials(harness.simulator.client_id, harness.simulator.client_secret)
    until_s, request = time.monotonic() + HANG_S, RunRequest(select=("look",))
    with (
        Vault.open([str(harness.directory / "vault.db")]) as vault,
        early_calls(vault, settings, request, Surroundings(credentials=lambda: key), is_young=lambda: True) as early,
    ):
        assert early is not None
        while "user_roles" not in operations(harness):
            assert time.monotonic() < until_s, "nothing is called until the result is wanted"
            time.sleep(0.02)
        assert early.result().is_admin()
        ((sample,),) = [early.sampled]
    assert [key.id for key in sample.keys] == [str(number) for number in range(101, 101 + LOOKS)]
    assert sample.shown() == {}
    assert operations(harness).count("user_roles") == 1


def test_an_unreadable_backup_is_what_is_told_where_the_login_fails_too(harness: CliHarness) -> None:
    hide_two_rows(harness.directory / "vault.db")
    code, said = harness.run("--select", "look", "--yes", LOOKERSDK_CLIENT_SECRET="")
    assert code == 3 and "CLIENT_SECRET" not in said
    assert f"of {LOOKS} rows of type look {LOOKS - 2} were found" in said


def test_nothing_is_called_where_all_selected_rows_are_marked_deleted(harness: CliHarness) -> None:
    with closing(sqlite3.connect(harness.directory / "vault.db")) as connection, connection:
        connection.execute("UPDATE content_items SET deleted_at = synced_at")
    code, said = harness.run("--select", "look", "--yes")
    assert code == 2 and "the selection is empty" in said
    assert operations(harness) == []


def test_early_calls_are_not_made_again(harness: CliHarness) -> None:
    """A budget of calls keeps a run from making them early. The looks have no query: none can be created."""
    assert harness.run("--select", "look", "--plan")[0] == 1
    early = operations(harness)
    harness.simulator.call("DELETE", "log")
    assert harness.run("--select", "look", "--plan", "--max-calls", "1000")[0] == 1
    assert sorted(early) == sorted(operations(harness))
    # The specification is read by both, where the release of the instance is not that of the SDK.
    assert [name for name in early if name != "api_spec"][:5] == [
        "login",
        "me",
        "versions",
        "search_looks",
        "user_roles",
    ]


def test_rows_that_share_an_id_count_as_none(tmp_path: Path) -> None:
    """The newest of them may be marked deleted."""
    for name, ids in (("one.db", ("1", "2")), ("other.db", ("2", "10"))):
        with ShardWriter(tmp_path / name) as shard:
            for one in ids:
                shard.put("look", one, "L", {"id": one, "title": "L"})
            shard.put("look", "7", "L", {"id": "7", "title": "L"}, deleted_at="2026-01-01T00:00:00+00:00")
    with Vault.open([str(tmp_path / "one.db"), str(tmp_path / "other.db")]) as vault:
        assert vault.surely_live() == {}
        assert vault.lowest_ids("look", 2) == ["1", "2"]
    with Vault.open([str(tmp_path / "one.db")]) as vault:
        assert vault.surely_live() == {"look": 2}
