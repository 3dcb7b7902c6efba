"""``--dry-run``: reports what would be attempted, from the backup alone, without a call."""

from __future__ import annotations

from lrestore.errors import ItemError
from lrestore.messages import ItemKey, ItemResult
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.built_in import is_built_in, why_built_in
from lrestore.run.items.dead_letter import failed
from lrestore.vault.reader import Vault


def preview(vault: Vault, key: ItemKey, max_item_bytes: int) -> ItemResult:
    """Read, decode and validate one item."""
    try:
        item = vault.read(key, max_item_bytes=max_item_bytes)
    except ItemError as error:
        return failed(error, key, "")
    entry = CONTENT_TYPES[key.type]
    if is_built_in(entry, item.raw):
        return ItemResult(key, item.name, "skipped", reason=why_built_in(entry, item.raw))
    return ItemResult(key, item.name, "skipped", reason="dry run: would be compared with Looker and restored")
