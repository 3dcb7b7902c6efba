"""The session: an operation of Looker's API by its id, from plain values to plain values.

Promise of :meth:`LookerSession.call`: it returns Looker's answer or raises a typed error. A transient failure is
repeated if, and only if, the repetition cannot take effect twice. An expired token is renewed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, cast

import msgspec

from lrestore.credentials import Credentials, Login
from lrestore.errors import BadAnswerError, UnauthorizedError
from lrestore.json_types import JsonObject
from lrestore.looker.auth import TokenHolder
from lrestore.looker.caller import Page, UndecodedRow
from lrestore.looker.http.calls import Arguments, Call, HttpAnswer, call_of
from lrestore.looker.http.endpoint import endpoint_of
from lrestore.looker.http.errors import MESSAGE_LIMIT, page_hint, readable
from lrestore.looker.http.proxies import proxy_for
from lrestore.looker.http.shape import fault_in, fault_in_row
from lrestore.looker.http.transport import ConnectionSettings, PooledTransport
from lrestore.looker.limits import Limiter, Unlimited
from lrestore.looker.meter import CallMeter
from lrestore.looker.retries import Retries
from lrestore.ontology.schema import AnswerShape, Operation
from lrestore.settings import Settings
from lrestore.text.redaction import Secrets, one_line

OWN_OPERATIONS = {
    "versions": Operation(
        "versions", "GET", "/versions", "none", repeatable=True, takes_fields=True, answer=AnswerShape("object")
    ),
    "me": Operation(
        "me", "GET", "/user", "non_query", repeatable=True, takes_fields=True, answer=AnswerShape("object", "id")
    ),
    # The same document as that of api_spec, where ``swagger_url`` of an instance says it is.
    "swagger": Operation("api_spec", "GET", "/swagger.json", "none", repeatable=True, takes_fields=False),
}
"""The operations of the session itself, in addition to the caller's table."""
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_RENEWALS = 3
"""New tokens for one call: a token may be void again before it is used, where tokens live for seconds."""
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ROWS = msgspec.json.Decoder(list[msgspec.Raw])
log = logging.getLogger("lrestore.looker")


class LookerSession:
    """A logged-in client of one destination, safe for ``in_flight`` threads; logs in at the first call."""

    def __init__(  # noqa: PLR0913 - the settings of a connection, all by keyword
        self,
        base_url: str,
        credentials: Credentials,
        *,
        verify_ssl: bool = True,
        timeout_s: float = 120.0,
        in_flight: int = 4,
        max_retries: int = 5,
        limiter: Limiter | None = None,
        meter: CallMeter | None = None,
        operations: Mapping[str, Operation] | None = None,
        pause: Callable[[float], bool] | None = None,
        proxy: str = "",
        read_only: bool = False,
    ) -> None:
        """Calls nothing yet. Raises :class:`DestinationError` for a bad URL, empty credentials, unreadable CA file.

        ``pause(seconds)`` waits before a repetition and says whether the run is to stop; without it, :meth:`stop` ends
        such waits. ``proxy``: see :func:`lrestore.looker.http.proxies.proxy_for`. ``read_only``: a call
        that may write is not sent, and raises :class:`ReadOnlyError`.
        """
        endpoint = endpoint_of(base_url)
        if not (endpoint.encrypted or endpoint.is_loopback):
            log.warning("base_url is http: credentials and content travel unencrypted to %s", endpoint.host)
        chosen = proxy_for(endpoint, proxy)
        self.proxy_name = str(chosen) if chosen is not None else ""
        self.meter = meter or CallMeter()
        self._operations = {**OWN_OPERATIONS, **(_all_operations() if operations is None else operations)}
        self._stop = threading.Event()
        self._transport = PooledTransport(
            ConnectionSettings(endpoint, verify_ssl, timeout_s, in_flight, proxy=chosen, read_only=read_only),
            limiter or Unlimited(),
            self.meter,
            Secrets(credentials.client_secret, *([chosen.password] if chosen is not None else [])),
        )
        self._api = endpoint.api
        self._tokens = TokenHolder(self._transport, credentials)
        self._retries = Retries(max_retries, pause or self._stop.wait, self.meter.retried)

    def __enter__(self) -> LookerSession:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def login(self) -> None:
        """Log in now, unless that is done; raises what :meth:`call` raises, :class:`DestinationError` if refused."""
        self._retries.run(self._tokens.current, repeatable=True)

    @property
    def present_login(self) -> Login:
        """The present login, for another process of this machine: see :meth:`share_login`. Makes no call."""
        return self._tokens.login

    def share_login(self, login: Login) -> None:
        """Use the login of another process of this machine, as long as it lives. Makes no call."""
        self._tokens.take_over(login)

    def call(
        self,
        operation_id: str,
        *,
        path: Mapping[str, str] = _NOTHING,
        query: Mapping[str, object] = _NOTHING,
        body: object = None,
        only: Collection[str] | None = None,
    ) -> Any:
        """Call an operation; returns the decoded JSON, which has the shape that the operation's ``answer`` names; None
        where Looker sends no content and need not.

        ``only``: of the object that comes, nothing but these fields is of interest, and what tells which object it is.

        Raises a :class:`LookerError` with everything known about the failure. If ``outcome_unknown`` is set on one that
        an operation that is not repeatable raised, the object may exist: look before creating it again. Raises
        :class:`InvalidContentError` for a body that has no JSON form, :class:`DestinationError` if the credentials are
        refused, :class:`StoppedError` if the run stops before a repetition.
        """
        operation = self._operations[operation_id]
        call = call_of(operation, Arguments(path, query, body), self._api)
        # A listing that exceeds the time-out is not worth many repetitions: single reads replace it.
        return self._retries.run(
            lambda: self._asked(operation, call, path, query, only),
            repeatable=operation.repeatable,
            patient=operation.answer.content != "rows",
        )

    def page(self, operation_id: str, *, query: Mapping[str, object], only: Collection[str], once: bool) -> Page:
        """Call an operation that gives rows. Of each row the fields of ``only`` are decoded at once, the others when
        they are needed. ``once``: no failure is waited for to pass.

        Raises what :meth:`call` raises. What is wrong with the parts that a row shows is told when it is decoded.
        """
        operation = self._operations[operation_id]
        call = call_of(operation, Arguments(_NOTHING, query), self._transport.endpoint.api)
        attempt = partial(self._page, operation, call, query, {*only, operation.answer.shows})
        return attempt() if once else self._retries.run(attempt, repeatable=operation.repeatable, patient=False)

    def _page(self, operation: Operation, call: Call, query: Mapping[str, object], only: Collection[str]) -> Page:
        """One try. Raises BadAnswerError for an answer without usable rows."""
        answer = self._answer(call)
        try:
            texts = _ROWS.decode(answer.body)
            heads = [_part_of(text, only) for text in texts]
        except (msgspec.MsgspecError, ValueError, RecursionError):
            # The error names the fault as for any other answer.
            whole = self._decoded(call, answer, None)
            wrong = fault_in(operation, _NOTHING, query, whole) or "holds something that is not an object"
            raise self._bad_answer(call, answer, f"{answer.status}, but the answer {wrong}") from None
        wrong = fault_in(operation, _NOTHING, query, heads)
        if wrong:
            raise self._bad_answer(call, answer, f"{answer.status}, but the answer {wrong}")
        fault = partial(fault_in_row, operation)
        # A copy for each row: one that is kept for long does not keep the whole answer.
        rows = [UndecodedRow(head, text.copy(), fault) for head, text in zip(heads, texts, strict=True)]
        return Page(rows, len(answer.body), answer.server_s)

    def call_once(self, operation_id: str, *, path: Mapping[str, str] = _NOTHING) -> Any:
        """As :meth:`call`, without repetitions: for calls that a run can do without."""
        operation = self._operations[operation_id]
        call = call_of(operation, Arguments(path, _NOTHING), self._api)
        return self._asked(operation, call, path, _NOTHING)

    def versions(self) -> JsonObject:
        """``ApiVersion``: ``looker_release_version``, ``supported_versions`` …"""
        return cast("JsonObject", self.call("versions"))

    def me(self) -> JsonObject:
        """The ``User`` as whom lrestore acts."""
        return cast("JsonObject", self.call("me"))

    def status(self) -> int | None:
        """The status with which the destination answers now, to a call that needs no login; None: it does not answer.

        The call is neither repeated nor limited. It tells whether waiting makes sense.
        """
        call = call_of(self._operations["versions"], Arguments(_NOTHING, _NOTHING), self._api)
        return self._transport.status_of(call)

    def stop(self) -> None:
        """End all waiting for repetitions, now and from now on: such calls raise :class:`StoppedError`."""
        self._stop.set()

    def close(self) -> None:
        """Close the idle connections. The token is left to expire: logging out would be one more call."""
        self._transport.close()

    def _answer(self, call: Call) -> HttpAnswer:
        """A 401 was not acted upon, so even a create is repeated after it, with a new token."""
        token = self._tokens.current()
        for _ in range(_RENEWALS):
            try:
                return self._transport.send(call, f"Bearer {token}")
            except UnauthorizedError:
                log.debug("%s: token refused, logging in again", call)
            token = self._tokens.renewed(token)
        return self._transport.send(call, f"Bearer {token}")

    def _asked(
        self,
        operation: Operation,
        call: Call,
        path: Mapping[str, str],
        query: Mapping[str, object],
        only: Collection[str] | None = None,
    ) -> Any:
        """One try of a call, and its usable answer. Raises BadAnswerError for any other that says success."""
        answer = self._answer(call)
        if not answer.body:
            return self._nothing(operation, call, answer)
        decoded = self._decoded(call, answer, {*only, operation.answer.shows} if only is not None else None)
        wrong = fault_in(operation, path, query, decoded)
        if wrong:
            raise self._bad_answer(call, answer, f"{answer.status}, but the answer {wrong}")
        return decoded

    def _decoded(self, call: Call, answer: HttpAnswer, only: Collection[str] | None) -> Any:
        try:
            return msgspec.json.decode(answer.body) if only is None else _part_of(answer.body, only)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            text = readable(answer.body, self._transport.secrets)
            what = f"{answer.status}, but the answer is not JSON ({error}): {one_line(text, MESSAGE_LIMIT)}"
            raise self._bad_answer(call, answer, what) from error

    def _nothing(self, operation: Operation, call: Call, answer: HttpAnswer) -> None:
        """Accept an empty answer with 204 or 202, and from any DELETE; the specification has content in all others."""
        said_so = answer.status not in (200, 201) and (
            operation.answer.silent or operation.answer.content == "document"
        )
        if call.method != "DELETE" and not said_so:
            raise self._bad_answer(call, answer, f"{answer.status}, but the answer is empty")

    def _bad_answer(self, call: Call, answer: HttpAnswer, what: str) -> BadAnswerError:
        failure = call.failed(BadAnswerError, what, hint=page_hint(answer.body))
        return failure.with_context(status=answer.status, body=readable(answer.body, self._transport.secrets))


def session_for(  # noqa: PLR0913 - how to connect, mostly by keyword
    settings: Settings,
    credentials: Credentials,
    pause: Callable[[float], bool],
    *,
    base_url: str = "",
    limiter: Limiter | None = None,
    meter: CallMeter | None = None,
    read_only: bool = False,
) -> LookerSession:
    """A session with the destination of the settings, or with ``base_url`` under the same settings.

    Calls nothing yet. Raises what the constructor of :class:`LookerSession` raises.
    """
    return LookerSession(
        base_url or settings.destination.base_url,
        credentials,
        verify_ssl=settings.destination.verify_ssl,
        timeout_s=settings.destination.timeout_s,
        in_flight=settings.run.in_flight,
        max_retries=settings.run.max_retries,
        limiter=limiter,
        meter=meter,
        pause=pause,
        proxy=settings.destination.proxy,
        read_only=read_only,
    )


def _part_of(body: bytes | msgspec.Raw, names: Collection[str]) -> JsonObject:
    """Some fields of a JSON object. The others are not decoded, which saves most of the time."""
    fields = _FIELDS.decode(body)
    return {name: msgspec.json.decode(fields[name]) for name in names if name in fields}


def _all_operations() -> Mapping[str, Operation]:
    from lrestore.ontology import OPERATIONS

    return OPERATIONS
