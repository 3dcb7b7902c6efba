"""Checks before the first write: the caller, Looker's release, and whether this is the instance of the backup."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from lrestore.content.identity import SAMPLE_SIZE, Judgement, Specimen, judge_instance
from lrestore.content.shapes.boundary import as_role
from lrestore.errors import ConnectError, DestinationError, ItemError, LookerError, NotFoundError, WrongInstanceError
from lrestore.json_types import JsonObject
from lrestore.looker.caller import Caller
from lrestore.looker.read.live import Live
from lrestore.messages import ItemKey
from lrestore.restoration.identify.acting_user import gives_admin
from lrestore.run.job import DestinationFacts, Job
from lrestore.text.words import shortened
from lrestore.vault.reader import Vault

log = logging.getLogger(__name__)

API_VERSION = "4.0"
_SINGLE_READS = 3
"""Up to this many selected dashboards or looks are read completely: the restore needs the copies anyway."""

_INSTEAD = 5
"""Objects that are read one by one if a search or listing fails: enough for a judgement, few enough to be quick."""

_SAMPLED = ("dashboard", "look")
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
        raise DestinationError(f"{base_url} does not answer as Looker's API 4.0: {error}") from error
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


def judge(vault: Vault, live: Live, selected: Sequence[ItemKey], identity: str, max_item_bytes: int) -> Judgement:
    """Whether the destination is the source instance, according to ``[run] identity`` or to a sample.

    Raises WrongInstanceError, with the evidence, if ids of the backup belong to other objects in the destination.
    """
    if identity == "same-instance":
        return Judgement("same")
    if identity == "cross-instance":
        return Judgement("other")
    judgement = judge_instance(_sample(vault, live, selected, max_item_bytes))
    if judgement.instance == "other":
        evidence = shortened(judgement.evidence, 5, separator="; ", last="; and ")
        raise WrongInstanceError(
            f"the destination is not the instance that the backup came from: of the objects with the same ids, "
            f"{judgement.disagree} were created at another time and {judgement.agree} at the same: {evidence}",
            hint='check [destination] base_url; to migrate into another instance set [run] identity = "cross-instance"',
        )
    return judgement


def least_calls(selected: Sequence[ItemKey], identity: str) -> int:
    """The least number of calls before the first item: to log in, :func:`connect_destination`, and :func:`judge`."""
    if identity != "auto":
        return _INTRODUCTION
    counts = [sum(key.type == type_name for key in selected) for type_name in _SAMPLED]
    sampled = sum(count if count <= _SINGLE_READS else 1 for count in counts)
    return _INTRODUCTION + sampled + _FOLDER_LISTING


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


Shown = dict[str, JsonObject | None]
"""Live objects by id; None: the object does not exist. Objects that could not be read are left out."""


def _sample(vault: Vault, live: Live, selected: Sequence[ItemKey], max_item_bytes: int) -> list[Specimen]:
    specimens: list[Specimen] = []
    for type_name in _SAMPLED:
        keys = [key for key in selected if key.type == type_name][: SAMPLE_SIZE // 2]
        if 0 < len(keys) <= _SINGLE_READS:
            found = _one_by_one(keys, live.prefetch)
        elif keys:
            found = _searched(live, keys)
        else:
            continue
        if any(found.values()):
            specimens += _specimens(vault, keys, found, max_item_bytes)
    folders = [key for key in selected if key.type == "folder"]
    keys = list(islice(_first(folders, _folder_keys(vault)), SAMPLE_SIZE - len(specimens)))
    specimens += _specimens(vault, keys, _listed_folders(live, keys), max_item_bytes)
    if not any(specimen.exists and specimen.live_created_at for specimen in specimens):
        specimens += _dashboard_specimens(vault, live, max_item_bytes)
    return specimens


def _searched(live: Live, keys: Sequence[ItemKey]) -> Shown:
    """The objects of one type, read by one search; if that fails, some of them one by one."""
    try:
        found = live.by_ids(keys[0].type, {key.id for key in keys}, "id,created_at")
    except ConnectError:
        raise
    except LookerError as error:
        log.warning(
            "cannot search %ss for the identity check, reading some of them one by one: %s", keys[0].type, error
        )
        return _one_by_one(keys[:_INSTEAD], live.brief)
    return {key.id: found.get(key.id) for key in keys}


def _listed_folders(live: Live, keys: Sequence[ItemKey]) -> Shown:
    listed = live.tables({"folder"})["folder"]
    if listed is None:
        return _one_by_one(keys[:_INSTEAD], live.get)
    return {key.id: listed.get(key.id) for key in keys}


def _one_by_one(keys: Iterable[ItemKey], read: Callable[[str, str], JsonObject | None]) -> Shown:
    """Objects that are read one by one. A read that fails proves nothing about the instance; its item reports it.

    Raises the ConnectError of a destination that cannot be reached.
    """
    found: Shown = {}
    for key in keys:
        try:
            found[key.id] = read(key.type, key.id)
        except ConnectError:
            raise
        except LookerError as error:
            log.warning("cannot read %s for the identity check: %s", key, error)
    return found


def _folder_keys(vault: Vault) -> Iterator[ItemKey]:
    for row in vault.index({"folder"}):
        if not row.corrupt:
            yield row.key


def _first(preferred: Iterable[ItemKey], rest: Iterable[ItemKey]) -> Iterator[ItemKey]:
    seen: set[ItemKey] = set()
    for key in preferred:
        seen.add(key)
        yield key
    for key in rest:
        if key not in seen:
            yield key


def _dashboard_specimens(vault: Vault, live: Live, max_item_bytes: int) -> list[Specimen]:
    keys = [row.key for row in islice((row for row in vault.index({"dashboard"}) if not row.corrupt), SAMPLE_SIZE)]
    return _specimens(vault, keys, _searched(live, keys), max_item_bytes) if keys else []


def _specimens(vault: Vault, keys: Iterable[ItemKey], found: Shown, limit: int) -> list[Specimen]:
    specimens = []
    for key in (key for key in keys if key.id in found):
        try:
            item = vault.read(key, max_item_bytes=limit)
        except ItemError:
            continue
        if item.raw.get("created_at") is None:
            continue
        live = found[key.id]
        created_at = (live or {}).get("created_at")
        specimens.append(Specimen(key, item.name, item.raw["created_at"], created_at, live is not None))
    return specimens
