"""Explores are in no backup by themselves: the models that are name them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from lrestore.errors import MissingItemError
from lrestore.messages import ItemKey
from lrestore.vault import Vault
from tests.vault.builder import Row, build

ORDERS = {"name": "orders", "label": "All Orders", "hidden": False}
MODELS = (
    Row(type="lookml_model", id="shop", content={"name": "shop", "explores": [ORDERS, {"name": "users"}]}),
    Row(type="lookml_model", id="lookml_model::iot", content={"name": "iot", "explores": [{"name": "orders"}]}),
    Row(type="lookml_model", id="bare", content={"name": "bare"}),
    Row(type="lookml_model", id="gone", content={"name": "gone", "explores": [ORDERS]}, deleted_at="2026-01-01"),
    Row(type="lookml_model", id="broken", content=b"\xc1"),
)


class Links(msgspec.Struct):
    model_name: str


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.open([str(build(tmp_path / "vault.db", MODELS))])


def test_the_models_name_the_explores(vault: Vault) -> None:
    keys = {row.key.id: row.name for row in vault.explores()}
    assert keys == {"shop::orders": "All Orders", "shop::users": "users", "iot::orders": "orders"}


def test_an_explore_is_read_by_model_and_name(vault: Vault) -> None:
    item = vault.read(ItemKey("explore", "shop::orders"))
    assert item.raw == {"id": "shop::orders", "name": "orders", "model_name": "shop", "label": "All Orders"}
    assert (item.name, item.raw["label"]) == ("All Orders", "All Orders")
    assert msgspec.msgpack.decode(item.blob) == item.raw
    assert vault.holds(ItemKey("explore", "iot::orders"))


@pytest.mark.parametrize("key", ["shop::nothing", "nothing::orders", "shop", "", "shop::", "broken::orders"])
def test_what_no_model_names_is_not_there(vault: Vault, key: str) -> None:
    assert not vault.holds(ItemKey("explore", key))
    with pytest.raises(MissingItemError):
        vault.read(ItemKey("explore", key))


def test_explores_are_no_rows_of_the_backup(vault: Vault) -> None:
    """So they are not counted, and ``all`` does not mean them."""
    assert not [row for row in vault.index() if row.key.type == "explore"]
    assert "explore" not in vault.summary().by_type or not vault.summary().by_type["explore"].items


def test_an_explore_needs_its_model(vault: Vault) -> None:
    found = {key.id: links.model_name for key, links in vault.contents("explore", Links)}
    assert found == {"shop::orders": "shop", "shop::users": "shop", "iot::orders": "iot"}
