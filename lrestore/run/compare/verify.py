"""``--verify`` together with a restore: what was written is read once more, with fresh eyes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from lrestore.errors import StoppedError
from lrestore.messages import ItemKey, ItemResult
from lrestore.report.model import Difference, Verify
from lrestore.restoration.item import ItemRestorer
from lrestore.run.items.loop import ItemLoop, Verifier
from lrestore.run.setup import Record

log = logging.getLogger(__name__)


def read_again(
    restorer: ItemRestorer, written: Iterable[ItemKey], loop: Callable[[Record], ItemLoop], *, same: int
) -> Verify | None:
    """Compare each item with the destination; ``same`` others have just been compared, and were left as they are.

    What cannot be compared counts as different: nobody knows that it is equal. None when it was asked to stop before
    the end.
    """
    verifier = Verifier(restorer)
    failures: list[ItemResult] = []
    try:
        whole = loop(lambda result, blob: failures.append(result) if result.dead_letter else None).over(
            written, verifier.step
        )
    except StoppedError:
        return None
    if not whole:
        return None
    for failure in failures:
        log.error("%s could not be verified: %s", failure.key, failure.reason)
    outcome = verifier.outcome()
    unsure = tuple(Difference(failure.key.type, failure.key.id, failure.name) for failure in failures)
    return Verify(outcome.equal + same, outcome.different + unsure)
