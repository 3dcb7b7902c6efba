"""Id mappings that LookerVault's own restore left in the backup file are taken over, where they are surely right.

LookerVault knows an object by the name of a source instance and a number, and says of some mappings into which instance
they lead. So one counts only across instances, where none of ours is recorded, where source and destination are those
of this run as far as that is said, and where the object is there, is no built-in one, is nobody else's, and goes by the
same name, slug or address as in the backup. Anything else is left to the usual rules.
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
from lrestore.messages import ItemKey, Mapping
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.built_in import is_built_in
from lrestore.restoration.context import Context
from lrestore.restoration.identify.users import same_person
from lrestore.run.job import Job
from lrestore.run.select.dependencies import referred_to
from lrestore.settings import Settings
from lrestore.vault.foreign_mappings import ForeignMapping
from lrestore.vault.reader import Vault

log = logging.getLogger(__name__)

_CHUNK = 50
_ALWAYS = frozenset({"folder"})
"""Listed in every run, and needed on the way down to any folder."""


def take_over(job: Job, context: Context, keep: Callable[[Mapping], object]) -> int:
    """Hand what is taken over to ``keep``; returns how many that were. Reads listings, and a search per 50 objects."""
    if context.same_instance:
        return 0
    ours = _ours(job)
    if not ours:
        return 0
    agreed = [one for one in _wanted(job, context, ours) if context.journal.mapping(one.type, one.source_id) is None]
    taken = list(_sole(_agreeing(job.vault, context, agreed)))
    for mapping in taken:
        keep(mapping)
    if taken:
        log.info("%d id mapping%s of LookerVault taken over", len(taken), "" if len(taken) == 1 else "s")
    return len(taken)


def _ours(job: Job) -> dict[tuple[str, str], Mapping]:
    """The mappings of this run's source and destination, by type and source id; the newest where there are several."""
    rows = list(job.vault.mappings())
    named = _Names(job.settings, {row.source for row in rows}, job.vault.paths)
    found = {(row.mapping.type, row.mapping.source_id): row.mapping for row in rows if named.fit(row)}
    foreign = sorted({row.source for row in rows if not named.fit_source(row.source)})
    if foreign:
        log.info(
            "id mappings of LookerVault for %s are left alone: [source] instance is %r",
            ", ".join(map(repr, foreign)),
            job.settings.source.instance,
        )
    return found


@dataclass(frozen=True, slots=True)
class _Names:
    """Under which names this run's two instances may stand in the file."""

    settings: Settings
    sources: Collection[str]
    paths: Collection[str]

    def fit(self, row: ForeignMapping) -> bool:
        return self.fit_source(row.source) and self.fit_destination(row.destination)

    def fit_source(self, name: str) -> bool:
        """The name or the host of the source instance; if nobody has named it, the only one in the file."""
        source = self.settings.source
        if _alike(name, source.instance, source.base_url):
            return True
        files = [PurePath(path).name.removesuffix(".gz").removesuffix(".db") for path in self.paths]
        return len(self.sources) == 1 and source.instance in files

    def fit_destination(self, name: str) -> bool:
        """The name or the host of the destination; a file need not say it."""
        return not name or _alike(name, self.settings.destination.name, self.settings.destination.base_url)


def _alike(name: str, known: str, base_url: str) -> bool:
    return name.casefold() == known.casefold() or bool(hosts([name, f"https://{name}"]) & hosts([base_url]))


def _wanted(job: Job, context: Context, ours: dict[tuple[str, str], Mapping]) -> Iterator[Mapping]:
    """Those of what is selected, of what that refers to, and of all folders."""
    asked = {*job.keys, *referred_to(job.vault, job.keys)}
    for (type_name, source_id), mapping in ours.items():
        key = ItemKey(type_name, source_id)
        entry = CONTENT_TYPES[type_name]
        if entry.id_field == "id" and entry.update is not None and (key in asked or type_name in _ALWAYS):
            yield mapping


def _agreeing(vault: Vault, context: Context, candidates: Iterable[Mapping]) -> Iterator[Mapping]:
    by_type: dict[str, list[Mapping]] = {}
    for mapping in candidates:
        by_type.setdefault(mapping.type, []).append(mapping)
    for type_name, some in by_type.items():
        live = _live(context, type_name, sorted({mapping.destination_id for mapping in some}))
        for mapping in some:
            shown = live.get(mapping.destination_id)
            if shown is not None and _is_it(vault, context, mapping, shown):
                yield mapping


def _live(context: Context, type_name: str, ids: list[str]) -> dict[str, JsonObject]:
    found: dict[str, JsonObject] = {}
    try:
        if type_name in LISTED:
            return context.live.table(type_name)
        for start in range(0, len(ids), _CHUNK):
            found |= context.live.by_ids(type_name, ids[start : start + _CHUNK], None)
    except LookerError as error:
        log.warning("id mappings of LookerVault for some %ss cannot be checked, and do not count: %s", type_name, error)
    return found


def _is_it(vault: Vault, context: Context, mapping: Mapping, shown: JsonObject) -> bool:
    key = ItemKey(mapping.type, mapping.source_id)
    if is_built_in(CONTENT_TYPES[key.type], shown) or context.journal.claimed(key, mapping.destination_id):
        return False
    try:
        raw = vault.read(key).raw
    except ItemError:
        return False
    if key.type == "user":
        return same_person(raw, shown)
    return any(_says(raw, name) and _says(raw, name) == _says(shown, name) for name in _telling(key.type))


def _telling(type_name: str) -> set[str]:
    """Title, and the fields of the natural key that are no references: name, slug."""
    entry = CONTENT_TYPES[type_name]
    return {entry.title_field, *entry.natural_key} - {reference.path for reference in entry.references}


def _says(obj: JsonObject, name: str) -> str:
    return str(obj.get(name) or "").strip().casefold()


def _sole(mappings: Iterable[Mapping]) -> Iterator[Mapping]:
    """Of two that lead to one object, neither can be believed."""
    all_of_them = list(mappings)
    count = Counter((mapping.type, mapping.destination_id) for mapping in all_of_them)
    yield from (mapping for mapping in all_of_them if count[mapping.type, mapping.destination_id] == 1)
