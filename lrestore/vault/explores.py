"""Explores as the backup's LookML models name them: LookerVault backs up no explore by itself.

So one can ask whether the destination has them all, although there is nothing in them to be restored.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey
from lrestore.vault import index, schema
from lrestore.vault.decode import decode
from lrestore.vault.items import VaultItem
from lrestore.vault.lookup import Finder, FoundRow

TYPE: Final = "explore"
_MODEL: Final = "lookml_model"
_BETWEEN: Final = "::"


def named_explores(finder: Finder) -> Iterator[VaultItem]:
    """Every explore that a live, readable model of the backup names."""
    for entry in index.index_rows(finder, [schema.VAULT_TYPES[_MODEL]], decode):
        if isinstance(entry, FoundRow) and not entry.deleted:
            yield from _of_model(entry)


def find_explore(finder: Finder, key: ItemKey) -> VaultItem | None:
    """The explore ``model::name``, None if no readable model of the backup names it."""
    model, between, _ = key.id.partition(_BETWEEN)
    if key.type != TYPE or not between:
        return None
    entry = finder.locate(ItemKey(_MODEL, model), decode, schema.DEFAULT_MAX_ITEM_BYTES)
    items = _of_model(entry) if isinstance(entry, FoundRow) else ()
    return next((item for item in items if item.key == key), None)


def _of_model(entry: FoundRow) -> Iterator[VaultItem]:
    row = entry.index_row()
    for shown in entry.content.raw.get("explores") or ():
        if shown.get("name"):
            yield _item(entry, row.key.id, shown)


def _item(entry: FoundRow, model: str, shown: JsonObject) -> VaultItem:
    name = str(shown["name"])
    key = ItemKey(TYPE, f"{model}{_BETWEEN}{name}")
    raw: dict[str, object] = {"id": key.id, "name": name, "model_name": model, "label": shown.get("label")}
    label = str(shown.get("label") or name)
    blob = msgspec.msgpack.encode(raw)
    row = msgspec.structs.replace(entry.index_row(), key=key, name=label, size_bytes=len(blob))
    return VaultItem(key, label, row, raw, blob)
