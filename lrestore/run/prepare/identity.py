"""The identity check: whether the destination is the instance that the backup came from."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from lrestore.content.identity import SAMPLE_SIZE, Judgement, Specimen, judge_instance
from lrestore.errors import ConnectError, ItemError, LookerError, WrongInstanceError
from lrestore.json_types import JsonObject
from lrestore.looker.read.live import Live
from lrestore.messages import ItemKey
from lrestore.text.words import shortened
from lrestore.vault.reader import Vault

log = logging.getLogger(__name__)

SINGLE_READS = 3
"""Up to this many selected dashboards or looks are read completely: the restore needs the copies anyway."""

_INSTEAD = 5
"""Objects that are read one by one if a search or listing fails: enough for a judgement, few enough to be quick."""

SAMPLED = ("dashboard", "look")
"""Types of which selected items are searched."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """Live objects of one type that were searched for the identity check in advance. ``shown`` returns those that
    exist, by id, or raises what the search raised.
    """

    keys: Sequence[ItemKey]
    shown: Callable[[], Mapping[str, JsonObject]]


def sample_of(type_name: str, vault: Vault) -> list[ItemKey]:
    """Items for the identity check of a run that restores all items of the type; [] if these are to be read whole."""
    keys = [ItemKey(type_name, one) for one in vault.lowest_ids(type_name, SAMPLE_SIZE // 2)]
    return keys if len(keys) > SINGLE_READS else []


def search_sample(live: Live, keys: Sequence[ItemKey]) -> Mapping[str, JsonObject]:
    """Search objects of one type for the identity check. Raises LookerError."""
    return live.by_ids(keys[0].type, {key.id for key in keys}, "id,created_at")


def judge(
    vault: Vault,
    live: Live,
    selected: Sequence[ItemKey],
    identity: str,
    max_item_bytes: int,
    sampled: Collection[Sampled] = (),
) -> Judgement:
    """Whether the destination is the source instance, according to ``[run] identity`` or to a sample. ``sampled``:
    what was searched in advance; it counts if all of these items are selected.

    Raises WrongInstanceError, with the evidence, if ids of the backup belong to other objects in the destination.
    """
    if identity == "same-instance":
        return Judgement("same")
    if identity == "cross-instance":
        return Judgement("other")
    chosen = set(selected) if sampled else ()
    fitting = {one.keys[0].type: one for one in sampled if all(key in chosen for key in one.keys)}
    judgement = judge_instance(_sample(vault, live, selected, max_item_bytes, fitting))
    if judgement.instance == "other":
        evidence = shortened(judgement.evidence, 5, separator="; ", last="; and ")
        raise WrongInstanceError(
            f"the destination is not the instance that the backup came from: of the objects with the same ids, "
            f"{judgement.disagree} were created at another time and {judgement.agree} at the same: {evidence}",
            hint='check [destination] base_url; to migrate into another instance set [run] identity = "cross-instance"',
        )
    return judgement


LiveById = dict[str, JsonObject | None]
"""Live objects by id; None: the object does not exist. Objects that could not be read are left out."""


def _sample(
    vault: Vault, live: Live, selected: Sequence[ItemKey], max_item_bytes: int, sampled: Mapping[str, Sampled]
) -> list[Specimen]:
    specimens: list[Specimen] = []
    asked: set[ItemKey] = set()
    for type_name in SAMPLED:
        keys: Sequence[ItemKey] = [key for key in selected if key.type == type_name][: SAMPLE_SIZE // 2]
        if type_name in sampled:
            keys = sampled[type_name].keys
            found = _searched(live, keys, sampled[type_name].shown)
        elif 0 < len(keys) <= SINGLE_READS:
            found = _one_by_one(keys, live.prefetch)
        elif keys:
            found = _searched(live, keys, partial(search_sample, live, keys))
        else:
            continue
        asked.update(key for key in keys if key.id in found)
        if any(found.values()):
            specimens += _specimens(vault, keys, found, max_item_bytes)
    folders = [key for key in selected if key.type == "folder"]
    keys = list(islice(_first(folders, _folder_keys(vault)), SAMPLE_SIZE - len(specimens)))
    if keys:
        specimens += _specimens(vault, keys, _listed_folders(live, keys), max_item_bytes)
    if not any(specimen.exists and specimen.live_created_at for specimen in specimens):
        specimens += _dashboard_specimens(vault, live, max_item_bytes, asked)
    return specimens


def _searched(live: Live, keys: Sequence[ItemKey], search: Callable[[], Mapping[str, JsonObject]]) -> LiveById:
    """The objects of one type, read by one search; if that fails, some of them one by one."""
    try:
        found = search()
    except ConnectError:
        raise
    except LookerError as error:
        log.warning(
            "cannot search %ss for the identity check, reading some of them one by one: %s", keys[0].type, error
        )
        return _one_by_one(keys[:_INSTEAD], live.brief)
    return {key.id: found.get(key.id) for key in keys}


def _listed_folders(live: Live, keys: Sequence[ItemKey]) -> LiveById:
    listed = live.tables({"folder"})["folder"]
    if listed is None:
        return _one_by_one(keys[:_INSTEAD], live.get)
    return {key.id: listed.get(key.id) for key in keys}


def _one_by_one(keys: Iterable[ItemKey], read: Callable[[str, str], JsonObject | None]) -> LiveById:
    """Objects that are read one by one. A read that fails proves nothing about the instance; its item reports it.

    Raises the ConnectError of a destination that cannot be reached.
    """
    found: LiveById = {}
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


def _dashboard_specimens(vault: Vault, live: Live, max_item_bytes: int, asked: Collection[ItemKey]) -> list[Specimen]:
    """Dashboards of the backup that are not among those that were ``asked`` for."""
    others = (row.key for row in vault.index({"dashboard"}) if not row.corrupt and row.key not in asked)
    keys = list(islice(others, SAMPLE_SIZE))
    if not keys:
        return []
    return _specimens(vault, keys, _searched(live, keys, partial(search_sample, live, keys)), max_item_bytes)


def _specimens(vault: Vault, keys: Iterable[ItemKey], found: LiveById, limit: int) -> list[Specimen]:
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
