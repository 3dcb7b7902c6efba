"""Before the first write: who are we, which Looker is this, and is it the instance that the backup came from?"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from lrestore.content.identity import SAMPLE_SIZE, Judgement, Specimen, judge_instance
from lrestore.errors import ConnectError, DestinationError, ItemError, LookerError, NotFoundError, WrongInstanceError
from lrestore.json_types import JsonObject
from lrestore.looker.caller import Caller
from lrestore.looker.read.live import Live
from lrestore.messages import ItemKey
from lrestore.restoration.identify.acting_user import gives_admin
from lrestore.run.job import DestinationFacts, Job
from lrestore.vault.reader import Vault

log = logging.getLogger(__name__)

API_VERSION = "4.0"
_SINGLE_READS = 3
"""Up to so many selected dashboards or looks are read whole at once: the restore needs the copy anyway."""

_INSTEAD = 5
"""So many objects are read one by one where a search or listing fails: enough to tell, few to wait for."""

_SAMPLED = ("dashboard", "look")
_INTRODUCTION = 3
"""login, me, versions"""
_FOLDER_LISTING = 1


def meet(session: Caller, base_url: str) -> DestinationFacts:
    """Log in and ask who we are and which release this is.

    Raises DestinationError where this is not a Looker that speaks API 4.0, or it cannot be reached.
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
    """What Looker says of its release; nothing where it does not, and then fields are not held back as too new."""
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
    """Whether the caller is an admin: asked once, and only when something is missing."""

    def __init__(self, session: Caller, user_id: str) -> None:
        self._session = session
        self._user_id = user_id
        self._answer: bool | None = None

    def __call__(self) -> bool:
        if self._answer is None:
            self._answer = any(gives_admin(role) for role in self._roles())
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
    """Whether the destination is the source instance, as ``[run] identity`` says or as a sample shows.

    Raises WrongInstanceError, with the evidence, where ids of the backup belong to other objects in the destination.
    """
    if identity == "same-instance":
        return Judgement("same")
    if identity == "cross-instance":
        return Judgement("other")
    judgement = judge_instance(_sample(vault, live, selected, max_item_bytes))
    if judgement.instance == "other":
        evidence = "; ".join(judgement.evidence[:5])
        more = f"; and {len(judgement.evidence) - 5} more" if len(judgement.evidence) > 5 else ""
        raise WrongInstanceError(
            f"the destination is not the instance that the backup came from: of the objects with the same ids, "
            f"{judgement.disagree} were created at another time and {judgement.agree} at the same: {evidence}{more}",
            hint='check [destination] base_url; to migrate into another instance set [run] identity = "cross-instance"',
        )
    return judgement


def least_calls(selected: Sequence[ItemKey], identity: str) -> int:
    """How many calls are made, at the least, before the first item: to log in, :func:`meet`, and :func:`judge`."""
    if identity != "auto":
        return _INTRODUCTION
    counts = [sum(key.type == type_name for key in selected) for type_name in _SAMPLED]
    sampled = sum(count if count <= _SINGLE_READS else 1 for count in counts)
    return _INTRODUCTION + sampled + _FOLDER_LISTING


def check_fallbacks(live: Live, owner: str, folder: str) -> None:
    """The user and the folder that take what has no other place are there; "" for those that are not set.

    Raises DestinationError naming the setting, ConnectError where Looker cannot be reached. Where Looker does not
    answer the question, the items that need the fallback will tell.
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


def check_new_folders(job: Job, is_admin: Callable[[], bool]) -> None:
    """Raises DestinationError where folders are to be closed by a caller who could not put anything into them then."""
    access = job.settings.run.new_folder_access
    if access != "inherit" and any(key.type == "folder" for key in job.keys) and not is_admin():
        raise DestinationError(
            f'[run] new_folder_access = "{access}" needs the key of an administrator: user {job.facts.user_name} could '
            "not put anything into a folder that it has closed",
            hint='use the key of an administrator, or new_folder_access = "inherit"',
        )


Shown = dict[str, JsonObject | None]
"""Live objects by id, None for those that are not there. What could not be read is left out."""


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
    """The objects of one type, by one search; some of them one by one where that fails."""
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
    """What single reads show. One that fails says nothing of the instance, and its item will tell of it.

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
