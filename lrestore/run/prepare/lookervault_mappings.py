"""Takes over id mappings that LookerVault's own restore left in the backup file, if they are provably right.

LookerVault identifies an object by the name of a source instance and a number, and names the destination of only some
mappings. A mapping is taken over only if all of this holds: the restore is into another instance; lrestore has no
mapping of its own; source and destination, if named, are those of this run; the live object exists, is not built-in, is
not recorded for another item, and has the natural key that the backup holds. Otherwise the usual rules apply.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath

from lrestore.content.links import hosts
from lrestore.errors import ItemError, LookerError
from lrestore.json_types import JsonObject
from lrestore.looker.read.live import LISTED
from lrestore.messages import ItemKey, ObjectMapping, Recorded
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.schema import is_built_in
from lrestore.restoration.context import Context
from lrestore.restoration.identify.claims import claimants
from lrestore.restoration.identify.proof import mapping_to
from lrestore.restoration.identify.resolve import is_recorded, resolve
from lrestore.run.job import Job
from lrestore.run.select.dependencies import referred_to
from lrestore.settings import Settings
from lrestore.vault.foreign_mappings import ForeignMapping
from lrestore.vault.reader import Vault

log = logging.getLogger(__name__)

_CHUNK = 50
_ALWAYS = frozenset({"folder"})
"""Types that are always checked: listed in every run, and needed to find any folder below."""


def take_over(job: Job, context: Context, keep: Callable[[ObjectMapping], object]) -> int:
    """Pass each mapping that is taken over to ``keep``; returns their number. Reads listings, and 50
    objects a search.
    """
    if context.backup.same_instance or context.backup.beside is not None:
        # The mappings would be recorded as if this session had made the objects.
        return 0
    ours = _ours(job)
    if not ours:
        return 0
    agreed = [one for one in _wanted(job, context, ours) if context.records.recorded(one.type, one.source_id) is None]
    taken = list(_sole(_agreeing(job.vault, context, agreed)))
    for mapping, shown in taken:
        keep(mapping_to(mapping.type, mapping.source_id, mapping.destination_id, shown))
    if taken:
        log.info("took over %d id mapping%s of LookerVault", len(taken), "" if len(taken) == 1 else "s")
    return len(taken)


def _ours(job: Job) -> dict[tuple[str, str], ObjectMapping]:
    """The mappings of this run's source and destination, by type and source id; the newest one if there are several."""
    rows = list(job.vault.mappings())
    named = _InstanceNames(job.settings, {row.source for row in rows}, job.vault.paths)
    found = {(row.mapping.type, row.mapping.source_id): row.mapping for row in rows if named.fit(row)}
    foreign = sorted({row.source for row in rows if not named.fit_source(row.source)})
    if foreign:
        log.info(
            "ignoring LookerVault's id mappings for %s: [source] instance is %r",
            ", ".join(map(repr, foreign)),
            job.settings.source.instance,
        )
    return found


@dataclass(frozen=True, slots=True)
class _InstanceNames:
    """Compares instance names in the file with the two instances of this run."""

    settings: Settings
    sources: Collection[str]
    paths: Collection[str]

    def fit(self, row: ForeignMapping) -> bool:
        return self.fit_source(row.source) and self.fit_destination(row.destination)

    def fit_source(self, name: str) -> bool:
        """Whether this is the name or host of the source instance; if it has no configured name, the
        only one counts.
        """
        source = self.settings.source
        if _alike(name, source.instance, source.base_url):
            return True
        files = [PurePath(path).name.removesuffix(".gz").removesuffix(".db") for path in self.paths]
        return len(self.sources) == 1 and source.instance in files

    def fit_destination(self, name: str) -> bool:
        """Whether this is the name or host of the destination, or empty: LookerVault may not record it."""
        return not name or _alike(name, self.settings.destination.name, self.settings.destination.base_url)


def _alike(name: str, known: str, base_url: str) -> bool:
    return name.casefold() == known.casefold() or bool(hosts([name, f"https://{name}"]) & hosts([base_url]))


def _wanted(job: Job, context: Context, ours: dict[tuple[str, str], ObjectMapping]) -> Iterator[ObjectMapping]:
    """The mappings of selected items, of objects that these refer to, and of all folders."""
    asked = {*job.keys, *referred_to(job.vault, job.keys)}
    for (type_name, source_id), mapping in ours.items():
        key = ItemKey(type_name, source_id)
        entry = CONTENT_TYPES[type_name]
        if entry.id_field == "id" and entry.update is not None and (key in asked or type_name in _ALWAYS):
            yield mapping


def _agreeing(
    vault: Vault, context: Context, candidates: Iterable[ObjectMapping]
) -> Iterator[tuple[ObjectMapping, JsonObject]]:
    """The mappings that are proved, each with its live object."""
    by_type: dict[str, list[ObjectMapping]] = {}
    for mapping in candidates:
        by_type.setdefault(mapping.type, []).append(mapping)
    for type_name, some in by_type.items():
        live = _live(context, type_name, sorted({mapping.destination_id for mapping in some}))
        for mapping in some:
            shown = live.get(mapping.destination_id)
            if shown is not None and _is_it(vault, context, mapping, shown):
                yield mapping, shown


def _live(context: Context, type_name: str, ids: list[str]) -> dict[str, JsonObject]:
    found: dict[str, JsonObject] = {}
    try:
        if type_name in LISTED:
            return context.destination.live.table(type_name)
        for start in range(0, len(ids), _CHUNK):
            found |= context.destination.live.by_ids(type_name, ids[start : start + _CHUNK], None)
    except LookerError as error:
        log.warning("LookerVault's id mappings of some %ss cannot be verified and are ignored: %s", type_name, error)
    return found


def _is_it(vault: Vault, context: Context, mapping: ObjectMapping, shown: JsonObject) -> bool:
    key = ItemKey(mapping.type, mapping.source_id)
    others = claimants(context.backup, context.records, key.type, shown) - {key.id}
    if is_built_in(CONTENT_TYPES[key.type], shown) or others:
        return False
    try:
        raw = vault.read(key).raw
    except ItemError:
        return False
    if is_recorded(context, key, Recorded(mapping.destination_id), shown):
        return True
    return key.type == "dashboard" and _same_title(context, key, raw, shown)


def _same_title(context: Context, key: ItemKey, raw: JsonObject, shown: JsonObject) -> bool:
    """A dashboard that was created with another slug is identified by its title, which is unique in its folder."""
    if not raw.get("title") or raw["title"] != shown.get("title") or raw.get("folder_id") is None:
        return False
    try:
        folder_id = resolve(context, "folder", str(raw["folder_id"]), path="folder_id", key=key)
    except ItemError:
        return False
    return folder_id == str(shown.get("folder_id"))


def _sole(mappings: Iterable[tuple[ObjectMapping, JsonObject]]) -> Iterator[tuple[ObjectMapping, JsonObject]]:
    """Drop mappings that lead to the same object: none of them can be trusted."""
    all_of_them = list(mappings)
    count = Counter((mapping.type, mapping.destination_id) for mapping, _ in all_of_them)
    yield from (one for one in all_of_them if count[one[0].type, one[0].destination_id] == 1)
