"""Where in a backup the definition of a query stands: in whatever tile shows it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lrestore.json_types import JsonObject
from lrestore.vault.queries import query_in, shown_queries
from lrestore.vault.reader import Vault
from lrestore.vault.shard import ShardWriter

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
ASKS = {"id": "7", "model": "shop", "view": "orders", "fields": ["orders.count"]}

TILES: dict[str, JsonObject] = {
    "of its own": {"query_id": "7", "query": ASKS},
    "in the result maker": {"result_maker": {"query": ASKS}},
    "of the look": {"look_id": "3", "look": {"id": "3", "query_id": "7", "query": ASKS}},
}


def vault_with(path: Path, *rows: tuple[str, str, JsonObject]) -> Path:
    with ShardWriter(path) as shard:
        for kind, object_id, content in rows:
            shard.put(kind, object_id, "one", {"id": object_id, **content}, synced_at=WHEN)
    return path


def dashboard(*tiles: JsonObject) -> tuple[str, str, JsonObject]:
    return (
        "dashboard",
        "1",
        {"title": "D", "dashboard_elements": [{"id": "9", "type": "vis", **tile} for tile in tiles]},
    )


@pytest.mark.parametrize("tile", TILES.values(), ids=TILES)
@pytest.mark.parametrize("kind", ["look", "scheduled_plan"])
def test_a_query_that_something_names_is_found_in_a_tile(tmp_path: Path, kind: str, tile: JsonObject) -> None:
    path = vault_with(
        tmp_path / "v.db", (kind, "3", {"query_id": "7", "title": "L", "name": "P"}), dashboard({"type": "text"}, tile)
    )
    with Vault.open([str(path)]) as vault:
        assert shown_queries(vault) == {"7": "1"}
    assert query_in(dashboard(tile)[2], "7") == ASKS
    assert query_in(dashboard(tile)[2], "8") is None


def test_of_queries_that_nothing_names_no_note_is_taken(tmp_path: Path) -> None:
    path = vault_with(tmp_path / "v.db", ("look", "3", {"query_id": "8", "title": "L"}), dashboard(TILES["of its own"]))
    with Vault.open([str(path)]) as vault:
        assert shown_queries(vault) == {}


def test_a_dashboard_without_tiles_shows_none() -> None:
    assert query_in({"id": "1"}, "7") is None
    assert query_in({"id": "1", "dashboard_elements": None}, "7") is None
