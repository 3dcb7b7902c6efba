"""How much a request selects, as far as this is known before the rows of the backup are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from lrestore.filters import Filters
from lrestore.run.request import RunRequest
from lrestore.vault.reader import Vault


def rows_selected(vault: Vault, request: RunRequest) -> int:
    """How many rows the request selects, those marked deleted among them; 0 where only reading the rows tells."""
    return sum(_counted(request, vault.row_counts).values())


def surely_selected(vault: Vault, request: RunRequest) -> Mapping[str, int]:
    """How many items of each type the request selects at least, as far as this is known without reading the rows. If
    there are any, :mod:`.choose` raises no UsageError for a request that it has parsed.
    """
    return {} if request.beside is not None else _counted(request, vault.surely_live)


def _counted(request: RunRequest, counts: Callable[[], Counter[str]]) -> dict[str, int]:
    """The counts of the types that are selected as a whole."""
    if request.exclude or request.filters != Filters():
        return {}
    rows = counts()
    return dict(rows) if "all" in request.select else {name: rows[name] for name in {*request.select} & rows.keys()}
