"""Errors are values: context makes another error and leaves the first as it is."""

from __future__ import annotations

import traceback

from lrestore.errors import IncompleteError, LookerError, NotFoundError
from lrestore.messages import ItemKey, ItemResult

KEY = ItemKey("look", "7")


def _raise_not_found() -> None:
    raise NotFoundError("look: 404", status=404, operation="look") from OSError("gone")


def _caught() -> LookerError:
    try:
        _raise_not_found()
    except LookerError as error:
        return error
    raise AssertionError


def test_with_context_returns_another_error() -> None:
    error = _caught()
    other = error.with_context(key=KEY, hint="look again", retries=2)
    assert (error.key, error.hint, error.retries) == (None, None, 0)
    assert (other.key, str(other), other.retries) == (KEY, "look: 404 (look again)", 2)
    assert (type(other), other.status, other.operation) == (NotFoundError, 404, "look")


def test_with_context_keeps_cause_and_traceback() -> None:
    error = _caught()
    try:
        raise error.with_context(message="source: look: 404") from error.__cause__
    except NotFoundError as other:
        told = "".join(traceback.format_exception(other))
    assert "_raise_not_found" in told and "OSError: gone" in told
    assert told.count("NotFoundError: ") == 1 and "source: look: 404" in told


def test_with_context_adds_what_was_restored() -> None:
    result = ItemResult(KEY, "", "updated")
    error = IncompleteError("a reference is missing")
    assert error.with_context(restored=result).restored == result
    assert error.restored is None
