"""Before the first copy: checks the folder of the copies, and gives each copy a title that is free there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial

import msgspec

from lrestore.errors import DestinationError, LookerError
from lrestore.looker.read.live import Live
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.restoration.beside import Beside, filled_template, free_title
from lrestore.restoration.journal import Records
from lrestore.run.job import Job
from lrestore.run.journal.read_only import ReadOnlyJournal
from lrestore.text.words import shortened
from lrestore.vault.items import IndexRow

log = logging.getLogger(__name__)

_NO_CONTENT = ("lookml", "is_users_root")
"""The id of a folder, and a mark of one, that hold no looks and dashboards of users."""

_NAMED = 5

_HINT = "give the id of a folder of the destination, not of the backup: it stands at the end of the folder's address"


def name_copies(job: Job, live: Live) -> None:
    """Check the folder of the copies, and give each copy a title, unless its session or plan has chosen the titles.

    A copy that exists, or may exist, keeps its title. Does nothing if no copies are made. Raises DestinationError if
    the folder cannot be used.
    """
    beside = job.request.beside
    if beside is None or job.request.mode == "verify":
        return
    name = _folder_name(live, beside.folder)
    if not job.resumed and job.plan is None:
        taken = {kind: set(_titles(live, kind, beside.folder)) for kind in sorted({key.type for key in job.keys})}
        with closing(ReadOnlyJournal.of(job)) as journal:
            known = with_titles(job, beside, taken, partial(_may_exist, journal))
        job.request = msgspec.structs.replace(job.request, beside=known)
    log.info("copying into folder %s (%r): nothing that exists is written", beside.folder, name)


def _folder_name(live: Live, folder_id: str) -> str:
    try:
        folder = live.beyond("folder", folder_id)
    except LookerError as error:
        raise DestinationError(f"--copy-into: folder {folder_id} cannot be read: {error}", hint=_HINT) from error
    if folder is None or folder.get("deleted"):
        named = [one for one, row in (live.tables({"folder"})["folder"] or {}).items() if row.get("name") == folder_id]
        hint = f"that is the name of folder {shortened(named, _NAMED)}: give the id" if named else _HINT
        raise DestinationError(f"--copy-into: folder {folder_id} is not in the destination", hint=hint)
    name = str(folder.get("name") or "")
    if folder_id == _NO_CONTENT[0] or folder.get(_NO_CONTENT[1]):
        message = f"--copy-into: folder {folder_id} ({name!r}) cannot hold looks and dashboards"
        raise DestinationError(message, hint="choose a shared or a personal folder")
    return name


def _may_exist(records: Records, key: ItemKey) -> bool:
    """Whether there is a copy of the item, or a create of it is open."""
    return records.recorded(key.type, key.id) is not None or records.unsettled(key)


def with_titles(
    job: Job, beside: Beside, taken: dict[str, set[str]], made: Callable[[ItemKey], bool] = lambda key: False
) -> Beside:
    """``beside`` with a title for each item of ``job``. ``taken``: the case-folded titles in the folder, by type.
    ``made``: whether a copy of an item may exist.
    """
    begun = {key: beside.titles[str(key)] for key in job.keys if str(key) in beside.titles}
    kept = {key: title for key, title in begun.items() if made(key)}
    for key, title in kept.items():
        taken.setdefault(key.type, set()).add(title.casefold())
    titles = {**beside.titles, **{str(key): title for key, title in kept.items()}}
    for key in job.keys:
        if key not in kept:
            here = taken.setdefault(key.type, set())
            titles[str(key)] = free_title(_wanted(job, beside.title, key), here)
            here.add(titles[str(key)].casefold())
    return msgspec.structs.replace(beside, titles=titles)


def _wanted(job: Job, template: str, key: ItemKey) -> str:
    row = job.vault.row(key)
    values = {"title": row.name if row else "", "date": _date(row), "id": key.id}
    return filled_template(template, values) or f"{key.type} {key.id}"


def _date(row: IndexRow | None) -> str:
    """The day on which the item was backed up."""
    return row.synced_at[:10] if row and row.synced_at else "of an unknown day"


def _titles(live: Live, type_name: str, folder_id: str) -> Iterator[str]:
    """The titles of one type in the folder, case-folded. It is nowhere said that a title in the trash is free."""
    operation, query = CONTENT_TYPES[type_name].search or "", {"folder_id": folder_id, "fields": "id,title"}
    trashed = {**query, "deleted": True}
    try:
        for rows in (live.pages(operation, query), live.pages(operation, trashed)):
            for row in rows:
                yield str(row.get("title") or "").casefold()
    except LookerError as error:
        what = f"the {type_name}s of folder {folder_id} cannot be listed"
        raise DestinationError(f"--copy-into: {what}: {error}") from error
