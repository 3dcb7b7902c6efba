"""Logging in, once for all threads: the SDK's ``AuthSession``, guarded.

The SDK renews its token without a lock and by the wall clock; here one thread renews while the others wait, and expiry
is kept on the monotonic clock.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, MutableMapping
from typing import Any

import msgspec

from lrestore.credentials import Credentials, Login
from lrestore.errors import (
    BadAnswerError,
    ConnectError,
    DestinationError,
    ForbiddenError,
    LookerError,
    NotFoundError,
    UnauthorizedError,
)
from lrestore.looker.http.sdk_transport import SdkTransport
from lrestore.looker.http.transport import AGENT, PooledTransport
from lrestore.looker.retries import is_permanent
from lrestore.sdk.api import AccessToken, AuthSession, AuthToken, SettingsConfig

EARLY_RENEWAL_S = 10.0
DEFAULT_LIFETIME_S = 3600
"""The assumed lifetime of a token without ``expires_in``; a 401 corrects it."""
_TOKEN = re.compile(r"[\x21-\x7e]+")
"""The characters allowed in a header; others would appear, quoted, in the HTTP library's error."""
_REFUSALS = (UnauthorizedError, ForbiddenError, NotFoundError)
"""Looker answers 404 to a login with an unknown key."""


class _Settings:
    """The settings that the SDK's ``AuthSession`` needs (its ``PApiSettings``), without a file."""

    headers: MutableMapping[str, str] | None = None
    agent_tag = AGENT

    def __init__(self, transport: PooledTransport, credentials: Credentials) -> None:
        endpoint = transport.endpoint
        self.base_url = endpoint.origin + endpoint.prefix
        self.verify_ssl = True
        self.timeout = 0
        self._credentials = credentials

    def is_configured(self) -> None:
        if not (self._credentials.client_id and self._credentials.client_secret):
            raise DestinationError(
                "no credentials for the destination",
                hint="set LOOKERSDK_CLIENT_ID and LOOKERSDK_CLIENT_SECRET, or [destination] ini",
            )

    def read_config(self) -> SettingsConfig:
        return {"client_id": self._credentials.client_id, "client_secret": self._credentials.client_secret}


class _TokenAnswer(msgspec.Struct):
    access_token: str
    expires_in: int | None = None


def _decoded_token(*, data: str, structure: object) -> AccessToken:
    """Takes the place of the SDK's deserialiser, which grows slower with each answer."""
    try:
        answer = msgspec.json.decode(data, type=_TokenAnswer)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadAnswerError("login: the answer holds no token", operation="login", method="POST") from error
    if not _TOKEN.fullmatch(answer.access_token):
        raise BadAnswerError("login: the answer's token is not usable", operation="login", method="POST")
    return AccessToken(access_token=answer.access_token, expires_in=answer.expires_in or DEFAULT_LIFETIME_S)


class TokenHolder:
    """The current token, for all threads of the session."""

    def __init__(
        self, transport: PooledTransport, credentials: Credentials, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Raises :class:`DestinationError` if a credential is empty. Nothing is called yet."""
        deserialize: Any = _decoded_token
        self._auth = AuthSession(_Settings(transport, credentials), SdkTransport(transport), deserialize, "4.0")
        self._secrets = transport.secrets
        self._destination = transport.endpoint.origin
        self._client = f"client_id {credentials.client_id[:4]}…"
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = float("-inf")
        self._refused = ""

    def current(self) -> str:
        """A token that is valid for some seconds at least; logs in if necessary.

        Raises :class:`DestinationError` if the credentials are refused (and again, without a call, each time after:
        hammering a login locks accounts), :class:`ConnectError` or :class:`RateLimitedError` if it may work later.
        """
        token = self._token
        if self._clock() < self._renew_at:
            return token
        with self._lock:
            return self._token if self._clock() < self._renew_at else self._login()

    @property
    def login(self) -> Login:
        """The present token, for another process of this machine."""
        with self._lock:
            return Login(self._token, self._renew_at)

    def take_over(self, login: Login) -> None:
        """Use the token of another process as long as it lives. One that Looker refuses is renewed as usual."""
        with self._lock:
            self._token, self._renew_at = login.token, login.until_s
            if login.token:
                self._secrets.add(login.token)

    def renewed(self, stale: str) -> str:
        """A token other than ``stale``, which Looker has refused; one login, however many threads ask."""
        with self._lock:
            return self._token if self._token != stale else self._login()

    def _login(self) -> str:
        if self._refused:
            raise self._refusal(self._refused)
        self._renew_at = float("-inf")
        self._auth.token = AuthToken()
        try:
            self._auth.authenticate({})
        except LookerError as error:
            raise self._login_error(error) from error
        lifetime_s = self._auth.token.expires_in
        self._renew_at = self._clock() + lifetime_s - min(EARLY_RENEWAL_S, lifetime_s / 2)
        self._token = self._auth.token.access_token
        self._secrets.add(self._token)
        return self._token

    def _refusal(self, why: str) -> DestinationError:
        return DestinationError(
            f"credentials refused by {self._destination} ({self._client}): {why}",
            hint="check client_id, client_secret and base_url: the key must belong to this instance",
        )

    def _login_error(self, error: LookerError) -> Exception:
        """The error of the call that needed a failed login. That call was not sent."""
        if isinstance(error, _REFUSALS):
            self._refused = error.message
            return self._refusal(error.message)
        if not error.transient or is_permanent(error):
            return DestinationError(f"cannot log in to {self._destination}: {error}")
        if not error.outcome_unknown:
            return error
        return ConnectError(
            f"cannot log in: {error.message}",
            operation=error.operation,
            hint=error.hint,
            status=error.status,
            body=error.body,
            retry_after_s=error.retry_after_s,
        )
