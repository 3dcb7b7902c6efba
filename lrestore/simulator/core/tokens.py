"""API keys and their access tokens."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from lrestore.simulator.core.refusal import not_found, unauthorized


@dataclass(frozen=True, slots=True)
class Token:
    """An access token: its user, and its end of validity on the monotonic clock."""

    text: str
    user_id: str
    expires_at_s: float


class ApiKeys:
    """The API key of a simulated instance, and its valid tokens."""

    def __init__(self, client_id: str, client_secret: str) -> None:
        self.client_id = client_id
        self.client_secret = client_secret
        self._tokens: dict[str, Token] = {}

    def login(self, client_id: str, client_secret: str, *, user_id: str, expires_at_s: float) -> Token:
        """A new token. Raises RefusedError 404 for a wrong key, as Looker does."""
        good_id = secrets.compare_digest(client_id, self.client_id)
        if not (good_id and secrets.compare_digest(client_secret, self.client_secret)):
            raise not_found()
        return self.issue(user_id, expires_at_s)

    def issue(self, user_id: str, expires_at_s: float) -> Token:
        """A new token without a key (for ``login_user``)."""
        token = Token(secrets.token_hex(20), user_id, expires_at_s)
        self._tokens[token.text] = token
        return token

    def check(self, header: str, now_s: float) -> Token:
        """The token of an Authorization header. Raises RefusedError 401 if it is missing, unknown or expired."""
        scheme, _, text = header.partition(" ")
        token = self._tokens.get(text.strip()) if scheme.lower() in ("bearer", "token") else None
        if token is None or token.expires_at_s <= now_s:
            raise unauthorized()
        return token

    def revoke(self, text: str) -> None:
        """Invalidate a token."""
        self._tokens.pop(text, None)

    def expire_all(self) -> None:
        """Invalidate all tokens."""
        self._tokens.clear()
