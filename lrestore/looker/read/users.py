"""The destination's users by what tells them apart: e-mail addresses, and the ids of their other credentials."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from lrestore.errors import LookerError, NotFoundError
from lrestore.json_types import JsonObject
from lrestore.looker.caller import Caller

log = logging.getLogger("lrestore.looker")

CREDENTIAL_IDS: Mapping[str, str] = {
    "saml": "saml_user_id",
    "google": "google_user_id",
    "oidc": "oidc_user_id",
    "ldap": "ldap_id",
    "embed": "external_user_id",
}
"""Credential types by which a user is found and that no API call makes (embed apart), with the field that is searched
(specification, user_for_credential)."""

_WITH_EMAIL = ("email", "saml", "google", "oidc", "ldap")
"""Credentials that bear an e-mail address."""

_SINGLE_SEARCHES = 10
"""Number of searches for one user each after which all users are read at once …"""
_EVERYBODY = 20_000
"""… unless there are more of them than this: every process would hold them all."""

PEOPLE_FIELDS = (
    *("id", "first_name", "last_name", "email", "credentials_email", "credentials_api3"),
    *(f"credentials_{kind}" for kind in CREDENTIAL_IDS),
)
"""The fields that identify a user."""


def emails_of(user: Mapping[str, Any]) -> tuple[str, ...]:
    """The user's addresses without regard to case, as Looker compares them; that of the e-mail login first."""
    shown = [(user.get(f"credentials_{kind}") or {}).get("email") for kind in _WITH_EMAIL]
    found = [shown[0], user.get("email"), *shown[1:]]
    return tuple(dict.fromkeys(str(email).strip().casefold() for email in found if email))


def credentials_of(user: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(credential type, id) of every credential but e-mail and API keys."""
    for kind, name in CREDENTIAL_IDS.items():
        held = user.get(f"credentials_{kind}") or ()
        for entry in [held] if isinstance(held, Mapping) else held:
            if entry.get(name):
                yield kind, str(entry[name])


class People:
    """Finds users. ``pages`` reads all rows of a paged operation."""

    def __init__(self, session: Caller, pages: Callable[[str, Mapping[str, Any]], Iterator[JsonObject]]) -> None:
        self._session = session
        self._pages = pages
        self._searches = 0
        self._by_email: dict[str, tuple[JsonObject, ...]] | None = None
        self._by_name: dict[tuple[str, str], list[JsonObject]] | None = None
        self._by_credential: dict[tuple[str, str], JsonObject] = {}
        self._found: dict[str, tuple[JsonObject, ...]] = {}
        self._lock = threading.Lock()

    def by_email(self, email: str) -> list[JsonObject]:
        """All users with that address, whatever they log in with. Found users are not searched for again."""
        wanted = email.strip().casefold()
        self._count()
        known = self._known(wanted)
        if known:
            return list(known)
        # String search is a case-insensitive LIKE (specification, search_users): its results are compared exactly.
        rows = self._pages("search_users", {"email": email.strip().replace("\\", "_")})
        found = [row for row in rows if wanted in emails_of(row)]
        if found:
            with self._lock:
                self._found[wanted] = tuple(found)
        return found

    def _known(self, email: str) -> tuple[JsonObject, ...]:
        with self._lock:
            return (self._by_email or {}).get(email) or self._found.get(email, ())

    def by_credential(self, kind: str, credential_id: str) -> JsonObject | None:
        """The user with that credential.

        Raises ForbiddenError where Looker does not let users be looked up so (Google Cloud core may deny it).
        """
        self._count()
        with self._lock:
            held = self._by_credential.get((kind, credential_id))
        if held is not None:
            return held
        path = {"credential_type": kind, "credential_id": credential_id}
        try:
            found: JsonObject = self._session.call("user_for_credential", path=path)
        except NotFoundError:
            return None
        return found

    def without_credentials(self, first_name: str | None, last_name: str | None) -> list[JsonObject]:
        """Users of that name without any credential, as create_user leaves them."""
        return [row for row in self._named(first_name, last_name) if not _has_key(row)]

    def without_login(self, first_name: str | None, last_name: str | None) -> list[JsonObject]:
        """Users of that name who cannot log in to Looker's pages: only their name identifies them. API keys are no such
        login.
        """
        name = (first_name or "", last_name or "")
        self._count()
        if self._by_name is not None:
            return self._by_name.get(name, [])
        return [row for row in self._named(first_name, last_name) if not _has_login(row)]

    def _named(self, first_name: str | None, last_name: str | None) -> list[JsonObject]:
        names = {"first_name": first_name, "last_name": last_name}
        query = {name: text.replace("\\", "_") for name, text in names.items() if text} or {"email": "IS NULL"}
        return [
            row
            for row in self._pages("search_users", query)
            if all((row.get(name) or "") == (text or "") for name, text in names.items())
        ]

    def _count(self) -> None:
        """Read everybody, once that is cheaper than one search after the other."""
        with self._lock:
            self._searches += 1
            if self._by_email is None and self._searches > _SINGLE_SEARCHES:
                self._by_email = {}
                rows = self._everybody()
                for row in rows:
                    for email in emails_of(row):
                        self._by_email[email] = (*self._by_email.get(email, ()), row)
                self._by_credential = {held: row for row in rows for held in credentials_of(row)}
                self._by_name = _by_name(rows) if rows else None

    def _everybody(self) -> list[JsonObject]:
        try:
            rows = list(islice(self._pages("all_users", {"fields": ",".join(PEOPLE_FIELDS)}), _EVERYBODY + 1))
        except LookerError as error:
            log.info("bulk read of users failed; searching for them one by one: %s", error)
            return []
        return rows if len(rows) <= _EVERYBODY else []


def _by_name(rows: list[JsonObject]) -> dict[tuple[str, str], list[JsonObject]]:
    found: dict[tuple[str, str], list[JsonObject]] = {}
    for row in rows:
        if not _has_login(row):
            found.setdefault((row.get("first_name") or "", row.get("last_name") or ""), []).append(row)
    return found


def _has_login(row: Mapping[str, Any]) -> bool:
    return bool(emails_of(row) or next(credentials_of(row), None))


def _has_key(row: Mapping[str, Any]) -> bool:
    return bool(_has_login(row) or row.get("credentials_api3"))
