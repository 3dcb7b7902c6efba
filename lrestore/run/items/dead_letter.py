"""Makes a dead letter of an error, with everything that is needed to understand it a week later."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime

import msgspec

from lrestore.content.canonical import iso
from lrestore.errors import IncompleteError, ItemError, LookerError
from lrestore.messages import DeadLetter, FailedRequest, ItemKey, ItemResult

_LONGEST = 100_000
"""Characters of a request body that are kept; a mark shows how many are cut."""


def failed(error: ItemError, key: ItemKey, name: str) -> ItemResult:
    """The result of an item that failed or is incomplete, including the changes that were made nevertheless."""
    letter = dead_letter(error, key, name)
    if isinstance(error, IncompleteError) and error.restored is not None:
        done, reason = error.restored, str(error)
        return msgspec.structs.replace(done, outcome="failed", reason=reason, dead_letter=letter, incomplete=True)
    return ItemResult(key, name, "failed", reason=str(error), dead_letter=letter, missing=error.missing)


def dead_letter(error: ItemError, key: ItemKey, name: str) -> DeadLetter:
    """The dead letter of ``error`` for one item, now."""
    looker = error if isinstance(error, LookerError) else None
    return DeadLetter(
        type=key.type,
        id=key.id,
        name=name,
        error_type=error.error_type,
        message=str(error),
        failed_at=iso(datetime.now(UTC)),
        status=looker.status if looker else None,
        errors=error.errors,
        retries=looker.retries if looker else 0,
        path=error.path or "",
        stack_trace="".join(traceback.format_exception(error)),
        request=_request(looker) if looker else None,
        answer=looker.body if looker else "",
    )


def _request(error: LookerError) -> FailedRequest:
    return FailedRequest(error.operation, error.method, error.request_path, _shortened(error.request_body))


def _shortened(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}… ({len(text) - _LONGEST} more characters left out)"
