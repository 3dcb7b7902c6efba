"""What the items name is read once, by the selection."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.filters import Filters
from lrestore.messages import ItemKey
from lrestore.run.contents import Contents, name_colours
from lrestore.run.request import RunRequest
from lrestore.run.select.choose import choose
from lrestore.run.select.dependencies import links_of, looks_shown
from lrestore.run.select.row_counts import rows_selected
from lrestore.vault.reader import Vault
from lrestore.vault.shard import ShardWriter

LOOK, OTHER, DASHBOARD = ItemKey("look", "7"), ItemKey("look", "8"), ItemKey("dashboard", "9")


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    tiles = [
        {"id": "1", "dashboard_id": "9", "look_id": "7", "body_text": "[the other](/looks/8)"},
        {"id": "2", "dashboard_id": "9", "look_id": "8", "deleted": True},
    ]
    with ShardWriter(tmp_path / "vault.db") as shard:
        shard.put("folder", "2", "F", {"id": "2", "name": "F", "parent_id": "1"})
        shard.put("look", "7", "L", {"id": "7", "title": "L", "folder_id": "2"})
        shard.put("look", "8", "M", {"id": "8", "title": "M", "folder_id": "2"})
        shard.put("dashboard", "9", "D", {"id": "9", "title": "D", "folder_id": "2", "dashboard_elements": tiles})
    with Vault.open([str(tmp_path / "vault.db")]) as opened:
        yield opened


def statements(vault: Vault) -> list[str]:
    """The statements that SQLite carries out from now on."""
    seen: list[str] = []
    for file in vault._files:
        file.connection.set_trace_callback(seen.append)
    return seen


def test_what_the_selection_has_read_is_not_read_again(vault: Vault) -> None:
    chosen = choose(vault, RunRequest(select=("all",)))
    later = statements(vault)
    links = links_of(chosen.contents, chosen.keys)
    assert looks_shown(chosen.contents, chosen.keys) == {LOOK: DASHBOARD}
    assert links.needs[DASHBOARD] == (ItemKey("folder", "2"), LOOK, OTHER)
    assert links.mentions == {DASHBOARD: (OTHER,)}
    assert later == []


def test_the_selection_reads_each_item_once(vault: Vault) -> None:
    seen = statements(vault)
    choose(vault, RunRequest(select=("dashboard", "look")))
    of_content = [statement for statement in seen if "THEN content_data END" in statement]
    assert len(of_content) == 2 * len(("live", "deleted"))
    assert not [statement for statement in seen if statement.startswith("SELECT content_data")]


def test_the_same_is_found_without_the_selection(vault: Vault) -> None:
    chosen = choose(vault, RunRequest(select=("all",)))
    kept = links_of(chosen.contents, chosen.keys)
    chosen.contents.forget()
    assert links_of(chosen.contents, chosen.keys) == kept == links_of(Contents(vault), chosen.keys)


def test_the_garbage_collector_goes_through_nothing_that_is_kept_of_an_item(vault: Vault) -> None:
    """It took a quarter of the time before the first item: it goes through all objects that may be in a circle."""
    chosen = choose(vault, RunRequest(select=("all",)))
    kept = [named for key in chosen.keys for _, named in chosen.contents.of(key.type, [key])]
    rows = [row for row, _ in vault.rows_and_blobs()]
    assert len(kept) == len(rows) == 4
    assert not any(map(gc.is_tracked, (*kept, *rows, *chosen.keys)))


def test_an_item_that_cannot_be_read_names_nothing(vault: Vault) -> None:
    contents = Contents(vault)
    contents.keep(LOOK, b"\xc1")
    assert list(contents.of("look", [LOOK, ItemKey("look", "77")])) == []


def test_colours_are_looked_for_in_these_items_alone(tmp_path: Path) -> None:
    vis = {"color_application": {"collection_id": "legacy", "palette_id": "p1"}}
    with ShardWriter(tmp_path / "vault.db") as shard:
        shard.put("look", "7", "L", {"id": "7", "title": "L", "query": {"vis_config": vis}})
        shard.put("look", "8", "M", {"id": "8", "title": "M"})
    with Vault.open([str(tmp_path / "vault.db")]) as opened:
        assert name_colours(opened, [OTHER, LOOK])
        assert not name_colours(opened, [OTHER])


def test_an_item_that_is_selected_twice_counts_once(vault: Vault) -> None:
    twice = choose(vault, RunRequest(select=("look", "look=7", "look=77")))
    once = choose(vault, RunRequest(select=("look",)))
    assert (twice.keys, twice.extent) == (once.keys, once.extent)
    assert [result.key.id for result in twice.missing] == ["77"]


@pytest.mark.parametrize(
    ("request_", "rows"),
    [
        (RunRequest(select=("all",)), 4),
        (RunRequest(select=("look", "folder")), 3),
        (RunRequest(select=("look=7",)), 0),
        (RunRequest(select=("all",), exclude=("look",)), 0),
        (RunRequest(select=("all",), filters=Filters(name="L*")), 0),
    ],
)
def test_the_number_of_rows_tells_early_how_much_is_selected(vault: Vault, request_: RunRequest, rows: int) -> None:
    assert rows_selected(vault, request_) == rows
