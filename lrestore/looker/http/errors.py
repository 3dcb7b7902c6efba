"""Turns an answer that is not a success into the typed error for it."""

from __future__ import annotations

import math
import time
from email.utils import parsedate_to_datetime
from http.client import responses as reasons
from typing import Any

import msgspec

from lrestore.errors import (
    BadAnswerError,
    BadRequestError,
    ConflictError,
    ForbiddenError,
    LookerError,
    NotAllowedError,
    NotFoundError,
    RateLimitedError,
    RequestTimeoutError,
    ServerError,
    UnauthorizedError,
    ValidationError,
)
from lrestore.looker.http.calls import Call, HttpAnswer
from lrestore.messages import FieldError
from lrestore.text.redaction import Secrets, one_line, visible_text

BODY_LIMIT = 2000
"""Characters of the answer that an error keeps."""
MESSAGE_LIMIT = 500
FIELD_ERRORS_LIMIT = 50
_DECODED_LIMIT_BYTES = 1 << 20
_READ_LIMIT_BYTES = 16 << 10

_KINDS: dict[int, type[LookerError]] = {
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    405: NotAllowedError,
    408: RequestTimeoutError,
    409: ConflictError,
    422: ValidationError,
    429: RateLimitedError,
}


class Refusal(msgspec.Struct, frozen=True):
    """Looker's ``Error`` or ``ValidationError``, as far as it could be understood."""

    message: str
    errors: tuple[FieldError, ...] = ()


def error_of(call: Call, answer: HttpAnswer, secrets: Secrets) -> LookerError:
    """The error for an answer whose status is not 2xx, with status, field errors, short body and Retry-After."""
    text = readable(answer.body, secrets)
    refusal = decoded_refusal(answer.body, secrets)
    what = _sentence(refusal) if refusal else one_line(text, MESSAGE_LIMIT)
    reason = reasons.get(answer.status, "")
    return _kind(answer.status, refusal)(
        f"{call}: {_headline(answer, reason)}" + (f": {what}" if what and what != reason else ""),
        operation=call.operation,
        method=call.method,
        path=call.path,
        status=answer.status,
        errors=refusal.errors if refusal else (),
        body=text,
        retry_after_s=retry_after_s(answer.headers.get("retry-after"), answer.headers.get("date")),
        hint=_hint(answer, refusal),
    ).with_context(said_by_looker=refusal is not None)


def _headline(answer: HttpAnswer, reason: str) -> str:
    if 300 <= answer.status < 400:
        return f"{answer.status} redirect to {_location_host(answer)}, not followed"
    return f"{answer.status} {reason}".strip()


def _location_host(answer: HttpAnswer) -> str:
    location = answer.headers.get("location", "")
    _, separator, rest = location.partition("//")
    authority = rest.partition("/")[0].partition("?")[0].rpartition("@")[2] if separator else ""
    return one_line(authority, 200) or "a path of the same host"


def _kind(status: int, refusal: Refusal | None) -> type[LookerError]:
    """A 404 that lacks Looker's body is a proxy's: it must not pass for "this object does not exist"."""
    if status >= 500:
        return ServerError
    if status < 400 or (status == 404 and refusal is None):
        return BadAnswerError
    return _KINDS.get(status, BadRequestError)


def _hint(answer: HttpAnswer, refusal: Refusal | None) -> str | None:
    if 300 <= answer.status < 400:
        return "redirects are not followed: set base_url to the address at which Looker's API itself answers"
    return page_hint(answer.body) if refusal is None else None


def page_hint(body: bytes) -> str | None:
    """The remedy where a page of HTML came, such as the login page of a proxy; None for anything else."""
    if body.lstrip()[:1] == b"<":
        return "this page is not Looker's: a proxy or another server answered"
    return None


def readable(body: bytes, secrets: Secrets) -> str:
    """The beginning of an answer for people: one line, tags of HTML taken out, no secret."""
    text = body[:_READ_LIMIT_BYTES].decode("utf-8", "replace")
    if text.lstrip()[:1] == "<":
        text = visible_text(text)
    return one_line(secrets.hide(text), BODY_LIMIT)


def decoded_refusal(body: bytes, secrets: Secrets) -> Refusal | None:
    """Looker's error body, whatever its exact shape; None if it is not one (it always has a ``message``)."""
    if len(body) > _DECODED_LIMIT_BYTES:
        return None
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if not isinstance(decoded, dict) or "message" not in decoded:
        return None
    entries = decoded.get("errors")
    listed = entries if isinstance(entries, list) else []
    return Refusal(
        message=_text(decoded["message"], secrets),
        errors=tuple(_field_error(entry, secrets) for entry in listed[:FIELD_ERRORS_LIMIT]),
    )


def _field_error(entry: Any, secrets: Secrets) -> FieldError:
    if not isinstance(entry, dict):
        return FieldError(message=_text(entry, secrets))
    return FieldError(**{name: _text(entry.get(name), secrets) for name in ("field", "code", "message")})


def _text(value: object, secrets: Secrets) -> str:
    return "" if value is None else one_line(secrets.hide(str(value)), MESSAGE_LIMIT)


def _sentence(refusal: Refusal) -> str:
    details = [_detail(error) for error in refusal.errors]
    return one_line("; ".join(part for part in (refusal.message, *details) if part), 4 * MESSAGE_LIMIT)


def _detail(error: FieldError) -> str:
    what = ": ".join(part for part in (error.field, error.message) if part)
    return f"{what} [{error.code}]" if error.code else what


def retry_after_s(value: str | None, server_date: str | None = None) -> float | None:
    """Seconds that a ``Retry-After`` header asks for: a number or an HTTP date (RFC 9110, 10.2.3); None if neither.

    A date is compared with the server's own ``Date``, if there is one, because clocks differ.
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        moment = _timestamp(value)
        if moment is None:
            return None
        server_now = _timestamp(server_date) if server_date else None
        seconds = moment - (time.time() if server_now is None else server_now)
    return None if math.isnan(seconds) else max(0.0, seconds)


def _timestamp(value: str) -> float | None:
    try:
        return parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError, TypeError):
        return None
