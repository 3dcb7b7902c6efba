"""One request and one answer as plain values, and how an operation of the specification becomes a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TypeVar
from urllib.parse import quote, urlencode

import msgspec

from lrestore.errors import BadRequestError, InvalidContentError, LookerError
from lrestore.ontology.schema import Operation

JSON = "application/json"
Failure = TypeVar("Failure", bound=LookerError)
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Call:
    """A request, ready to be sent. ``path`` is for people and reports, ``target`` what goes over the wire.

    The body is not shown: that of a login holds the secret, others may hold personal data.
    """

    operation: str
    method: str
    path: str
    target: str
    body: bytes | None = field(default=None, repr=False)
    content_type: str = JSON
    activity: str = "none"

    def failed(self, kind: type[Failure], what: str, *, hint: str | None = None) -> Failure:
        """A failure of this call where no usable answer came."""
        return kind(f"{self}: {what}", operation=self.operation, method=self.method, path=self.path, hint=hint)

    def __str__(self) -> str:
        return f"{self.operation} ({self.method} {self.path})"


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer with its content encoding undone. Header names are in lower case.

    ``server_s``: seconds from the request's last byte to the answer's first, without this process's own delays.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    server_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one call of an operation."""

    path: Mapping[str, str]
    query: Mapping[str, object]
    body: object = None


def call_of(operation: Operation, arguments: Arguments, prefix: str) -> Call:
    """The request for ``operation`` below ``prefix`` (``/api/4.0``).

    Raises :class:`BadRequestError` for an id that would change the meaning of the path, :class:`InvalidContentError`
    for a body that has no JSON form.
    """
    path = _filled_path(operation, arguments.path)
    query = query_text(arguments.query)
    return Call(
        operation=operation.id,
        method=operation.method,
        path=path,
        target=f"{prefix}{path}?{query}" if query else prefix + path,
        body=None if arguments.body is None else _encoded_body(operation, arguments.body),
        activity=operation.activity,
    )


def _filled_path(operation: Operation, ids: Mapping[str, str]) -> str:
    segments = [
        _id_segment(operation, segment[1:-1], ids) if segment.startswith("{") else segment
        for segment in operation.path.split("/")
    ]
    return "/".join(segments)


def _id_segment(operation: Operation, name: str, ids: Mapping[str, str]) -> str:
    """An empty id would turn "delete this one" into a call on the collection; dots are path steps to any proxy."""
    value = str(ids.get(name, ""))
    if value in ("", ".", ".."):
        raise BadRequestError(
            f"{operation.id}: {value!r} cannot be a {name}; nothing was sent",
            operation=operation.id,
            method=operation.method,
            path=operation.path,
        )
    return quote(value, safe="")


def query_text(parameters: Mapping[str, object]) -> str:
    """The query string: None left out, booleans in lower case, lists joined by commas (``csv``)."""
    given = [(name, _query_value(value)) for name, value in parameters.items() if value is not None]
    return urlencode(given, quote_via=quote, safe=",") if given else ""


def _query_value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple, set, frozenset)):
        return ",".join(_query_value(entry) for entry in value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    return _encode(value).decode() if isinstance(value, dict) else str(value)


def _encoded_body(operation: Operation, body: object) -> bytes:
    try:
        return _encode(body)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidContentError(f"{operation.id}: the body cannot be written as JSON: {error}") from error
