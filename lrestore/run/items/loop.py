"""Processes items one after the other. Each of them ends with a result, whatever happens."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager

import msgspec

from lrestore.errors import IncompleteError, InternalError, ItemError, RunError
from lrestore.log_fields import log_item
from lrestore.messages import ItemKey, ItemResult, Outcome
from lrestore.run.items.dead_letter import failed
from lrestore.vault.items import VaultItem
from lrestore.vault.reader import Vault

log = logging.getLogger(__name__)

ProcessItem = Callable[[VaultItem], ItemResult | None]
"""Processes an item. None: there is no result yet, and the item will come again."""
Turn = Callable[[VaultItem, Collection[ItemKey], ItemResult | None], tuple[ItemResult, bool]]
"""Takes an item, the items still to come, and the result of its first pass. Returns the result, and whether the item
needs a second pass."""
TakeResult = Callable[[ItemResult, bytes | None], None]


class ItemLoop:
    """Applies one step to every item. ``record`` takes each result as it comes, with the blob of a failed one."""

    def __init__(self, vault: Vault, max_item_bytes: int, record: TakeResult, stop: Callable[[], bool]) -> None:
        self._vault = vault
        self._max_item_bytes = max_item_bytes
        self._record = record
        self._stop = stop

    def over(self, keys: Iterable[ItemKey], step: ProcessItem) -> bool:
        """Apply ``step`` to each item. False: stopped before the end. RunErrors end the loop."""
        for key in keys:
            if self._stop():
                return False
            self.one(key, step)
        return True

    def one(self, key: ItemKey, step: ProcessItem) -> None:
        """Apply ``step`` to one item. Raises RunError; any other error is the item's result."""
        with log_item(key):
            self._one(key, step)

    def _one(self, key: ItemKey, step: ProcessItem) -> None:
        item = None
        try:
            item = self._vault.read(key, max_item_bytes=self._max_item_bytes)
            result = step(item)
            if result is not None:
                self._record(result, None)
        except ItemError as error:
            self._record(failed(error, key, self._name(key, item)), item.blob if item else None)
        except RunError:
            raise
        except Exception as error:  # noqa: BLE001 (one item's failure never stops the others; its dead letter has it all)
            log.error("internal error at %s: %s: %s", key, type(error).__name__, error)  # noqa: TRY400 (the same)
            mistake = InternalError(
                f"internal error: {type(error).__name__}: {error}", hint="please report it", key=key
            )
            mistake.__cause__ = error
            self._record(failed(mistake, key, self._name(key, item)), item.blob if item else None)

    def _name(self, key: ItemKey, item: VaultItem | None) -> str:
        return item.name if item else self._vault.name_of(key)


def joined(first_pass: ItemResult | None, result: ItemResult) -> ItemResult:
    """One result for an item that was restored in two passes."""
    if first_pass is None:
        return result
    outcomes = (first_pass.outcome, result.outcome)
    done: list[Outcome] = [outcome for outcome in ("created", "updated") if outcome in outcomes]
    return msgspec.structs.replace(
        result,
        outcome=done[0] if done else result.outcome,
        changes=first_pass.changes + result.changes,
        deletions=first_pass.deletions + result.deletions,
        mappings=result.mappings or first_pass.mappings,
        warnings=tuple(dict.fromkeys(first_pass.warnings + result.warnings)),
        left_out=tuple(dict.fromkeys(first_pass.left_out + result.left_out)),
        enabled=first_pass.enabled or result.enabled,
        live=first_pass.live or result.live,
    )


@contextmanager
def second_pass(first_pass: ItemResult | None) -> Iterator[None]:
    """Add the result of the first pass to an IncompleteError that is raised inside."""
    try:
        yield
    except IncompleteError as error:
        if error.restored is None:
            raise
        raise error.with_context(restored=joined(first_pass, error.restored)) from error.__cause__
