"""Turns a request's bytes into an answer's bytes, without a network."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from lrestore.simulator.api import (
    boards,
    colours,
    dashboards,
    folders,
    groups,
    people,
    schedules,
    sessions,
    specification,
    tiles,
)
from lrestore.simulator.api.crud import HANDLERS
from lrestore.simulator.api.routes import Route
from lrestore.simulator.api.search import bad_parameter
from lrestore.simulator.core.journal import LoggedCall
from lrestore.simulator.core.refusal import RefusedError, bad_request, forbidden, not_found, not_simulated
from lrestore.simulator.core.schema import OperationSpec
from lrestore.simulator.core.simulation import NO_CONTENT, OperationCall, Simulation

RULES = (boards, colours, dashboards, folders, groups, people, schedules, sessions, specification, tiles)
"""The modules whose import registers the operations."""

_log = logging.getLogger(__name__)
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


class Request(NamedTuple):
    """A request. ``query`` is the raw query string."""

    method: str
    query: bytes
    authorization: str
    body: bytes


class Answer(NamedTuple):
    """An answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = {}
    content_type: str = "application/json"


def answer(simulation: Simulation, found: Route | None, request: Request, entry: LoggedCall) -> Answer:
    """Handle one request. Never raises: refusals and bugs become answers."""
    if found is None:
        return refusal_answer(not_found(), None)
    operation = found.operation
    try:
        call = _call(simulation, found, request, entry)
        result = HANDLERS[found.operation.id](call)
    except RefusedError as refused:
        return refusal_answer(refused, operation)
    except Exception as error:  # noqa: BLE001 (an exception in a rule is answered 500 and logged, so that tests see it)
        _log.exception("the simulator failed on %s", entry.path)
        simulation.journal.incident("simulator_error", path=entry.path, error=repr(error))
        return refusal_answer(RefusedError(500, f"The simulator failed: {error!r}"), operation)
    if result is NO_CONTENT:
        return Answer(204, b"")
    return Answer(200, _encoder.encode(result), call.headers)


def refusal_answer(refused: RefusedError, operation: OperationSpec | None) -> Answer:
    """A refusal in Looker's form."""
    body = refused.body(operation.method, operation.path) if operation else refused.body()
    headers = {"Retry-After": refused.retry_after} if refused.retry_after else {}
    return Answer(refused.status, _encoder.encode(body), headers)


def _call(simulation: Simulation, found: Route, request: Request, entry: LoggedCall) -> OperationCall:
    operation = found.operation
    token = None
    if operation.id not in sessions.OPEN:
        token = simulation.tokens.check(request.authorization, simulation.now_s())
    query = dict(parse_qsl(request.query.decode("ascii"), keep_blank_values=True)) if request.query else {}
    entry.query = query if operation.id != "login" else {}
    if operation.id not in HANDLERS:
        raise not_simulated(operation.id)
    _check_query(operation, query)
    if not simulation.config.caller_admin and sessions.is_for_admins(operation.id, operation.method):
        raise forbidden() if 403 in operation.refusals else not_found()
    body = _body(operation, request.body)
    if operation.id != "login":
        entry.body_keys = list(body) if isinstance(body, dict) else []
        entry.body = body if simulation.config.keep_bodies else None
    return OperationCall(simulation, operation, found.path, query, body, entry, token)


def _body(operation: OperationSpec, body: bytes) -> Any:
    if operation.id == "login":
        return dict(parse_qsl(body.decode("utf-8", "replace")))
    if operation.body is None:
        return None
    if not body:
        raise bad_request("The request has no body")
    try:
        return _decoder.decode(body)
    except msgspec.DecodeError as error:
        raise bad_request(f"The body is not JSON: {error}") from None


def _check_query(operation: OperationSpec, query: Mapping[str, str]) -> None:
    for name, value in query.items():
        kind = operation.query.get(name)
        if kind is None:
            raise bad_parameter(name, f"{operation.id} has no parameter {name}")
        if kind == "boolean" and value.lower() not in ("true", "false"):
            raise bad_parameter(name, f"{name} must be true or false")
        if kind == "integer" and not value.lstrip("-").isdecimal():
            raise bad_parameter(name, f"{name} must be a whole number")
    for name in operation.required:
        if name not in query:
            raise bad_parameter(name, f"{name} is required")
