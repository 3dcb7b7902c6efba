"""Checks before the first write: the caller, Looker's release, the fallbacks."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from lrestore.content.shapes.boundary import as_role
from lrestore.errors import ConnectError, DestinationError, LookerError, NotFoundError
from lrestore.json_types import JsonObject
from lrestore.looker.caller import Caller
from lrestore.looker.read.live import Live
from lrestore.messages import ItemKey
from lrestore.restoration.identify.acting_user import gives_admin
from lrestore.run.job import DestinationFacts, Job
from lrestore.run.prepare.identity import SAMPLED, SINGLE_READS

log = logging.getLogger(__name__)

API_VERSION = "4.0"
_INTRODUCTION = 3
"""login, me, versions"""
_FOLDER_LISTING = 1


def connect_destination(session: Caller, base_url: str) -> DestinationFacts:
    """Log in, and read the caller's user and Looker's release.

    Raises DestinationError if the destination is not a Looker with API 4.0, or cannot be reached.
    """
    try:
        me = session.call("me")
    except NotFoundError as error:
        raise DestinationError(
            f"{base_url} has no API 4.0: {error.message}",
            hint="check [destination] base_url; it may need the API port 19999",
        ) from error
    except LookerError as error:
        hint = error.hint or "check [destination] base_url, its port and the proxy"
        raise DestinationError(f"{base_url} does not answer as Looker's API 4.0: {error.message}", hint=hint) from error
    name = str(me.get("display_name") or me.get("email") or me.get("id"))
    versions = _versions(session)
    release, swagger_url = str(versions.get("looker_release_version") or ""), _swagger_url(versions)
    web_url = str(versions.get("web_server_url") or "")
    return DestinationFacts(base_url, str(me.get("id")), name, release, swagger_url, web_url)


def _versions(session: Caller) -> JsonObject:
    """Looker's release information. Empty if it cannot be read; then no field is left out as too new."""
    try:
        found: JsonObject = session.call("versions")
    except LookerError as error:
        log.warning("Looker's version is unknown: %s", error)
        return {}
    return found


def _swagger_url(versions: JsonObject) -> str:
    shown = [versions.get("current_version"), *(versions.get("supported_versions") or ())]
    rows = [row for row in shown if isinstance(row, dict) and str(row.get("version")) == API_VERSION]
    return next((str(row["swagger_url"]) for row in rows if row.get("swagger_url")), "")


class AdminCheck:
    """Whether the caller is an admin. Reads the roles once, and only when an object is missing."""

    def __init__(self, session: Caller, user_id: str) -> None:
        self._session = session
        self._user_id = user_id
        self._answer: bool | None = None

    def __call__(self) -> bool:
        if self._answer is None:
            self._answer = any(gives_admin(as_role(role)) for role in self._roles())
        return self._answer

    def _roles(self) -> Iterable[JsonObject]:
        try:
            roles: list[JsonObject] = self._session.call("user_roles", path={"user_id": self._user_id})
            return roles
        except LookerError as error:
            log.debug("cannot read the roles of user %s directly, trying another call: %s", self._user_id, error)
        try:
            mine = set(map(str, self._session.call("me").get("role_ids") or ()))
            return [role for role in self._session.call("all_roles") if str(role.get("id")) in mine]
        except LookerError as error:
            log.warning("treating user %s as non-admin: its roles cannot be read: %s", self._user_id, error)
            return ()


def least_calls(selected: Sequence[ItemKey], identity: str, *, undoes: bool) -> int:
    """The least number of calls before the first item: to log in, :func:`connect_destination`, and :func:`judge`. An
    undo, which ``undoes``, asks for folders only if it has copies of some.
    """
    if identity != "auto":
        return _INTRODUCTION
    counts = [sum(key.type == type_name for key in selected) for type_name in SAMPLED]
    sampled = sum(count if count <= SINGLE_READS else 1 for count in counts)
    return _INTRODUCTION + sampled + (0 if undoes else _FOLDER_LISTING)


def check_fallbacks(live: Live, owner: str, folder: str) -> None:
    """Check that the fallback owner and the fallback folder exist; "" if they are not set.

    Raises DestinationError naming the setting, ConnectError if Looker cannot be reached. If Looker does not answer, the
    items that need the fallback report it.
    """
    for name, type_name, object_id in (("fallback_owner", "user", owner), ("fallback_folder", "folder", folder)):
        try:
            there = not object_id or live.exists(type_name, object_id)
        except LookerError as error:
            if isinstance(error, ConnectError):
                raise
            log.warning("cannot check [run] %s: %s", name, error)
            continue
        if not there:
            raise DestinationError(
                f"[run] {name}: {type_name} {object_id} is not in the destination",
                hint=f"use the id of a {type_name} of the destination, not of the backup",
            )


def check_new_folders(job: Job) -> None:
    """Raises DestinationError if folders are to be closed, and the caller could not write into them afterwards."""
    access = job.settings.run.new_folder_access
    if access != "inherit" and any(key.type == "folder" for key in job.keys) and not job.is_admin():
        raise DestinationError(
            f'[run] new_folder_access = "{access}" needs the key of an administrator: user {job.facts.user_name} could '
            "not put anything into a folder that it has closed",
            hint='use the key of an administrator, or new_folder_access = "inherit"',
        )
