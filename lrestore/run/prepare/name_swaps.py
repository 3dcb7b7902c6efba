"""Before the first item: takes mappings over, and temporarily renames objects that hold the name of another item.

See :mod:`lrestore.run.prepare.lookervault_mappings` and :mod:`lrestore.restoration.name_swaps`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from lrestore.errors import ItemError, LookerError
from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey
from lrestore.restoration.context import Context, WritingContext
from lrestore.restoration.journal import Journal
from lrestore.restoration.name_swaps import UNIQUE, conflicting_renames, rename_temporarily
from lrestore.restoration.writes import Write
from lrestore.run.job import Job
from lrestore.run.journal.local import recorded_here
from lrestore.run.prepare.lookervault_mappings import take_over

log = logging.getLogger(__name__)


def renames(job: Job, context: Context) -> list[Write]:
    """The temporary renames for the run's items whose names must be unique. If Looker refuses to list a type, its items
    report the conflict themselves.
    """
    found: list[Write] = []
    for type_name in sorted(UNIQUE):
        few = [key for key in (*job.keys, *job.removals) if key.type == type_name]
        try:
            found += conflicting_renames(context, _readable(job, few)) if few else []
        except LookerError as error:
            log.warning("cannot list %ss to check for name conflicts: %s", type_name, error)
    return found


def _readable(job: Job, keys: list[ItemKey]) -> Iterator[tuple[ItemKey, JsonObject]]:
    for key in keys:
        try:
            yield key, job.vault.read(key, max_item_bytes=job.settings.run.max_item_bytes).raw
        except ItemError:
            continue


def make_ready(job: Job, context: Callable[[Journal], WritingContext]) -> None:
    """Take mappings over, then rename; a copy of each object is kept first. If a rename is refused, the item that needs
    the name reports the conflict itself.

    Raises StateError if the state file cannot be written.
    """
    with recorded_here(job) as (_, journal):
        surroundings = context(journal)
        take_over(job, surroundings, journal.map)
        for write in filter(surroundings.permit.rename, renames(job, surroundings)):
            log.info("%s=%s: renaming temporarily to %r", write.type, write.live_id, write.body["name"])
            try:
                rename_temporarily(surroundings, write)
            except ItemError as error:
                log.warning("%s=%s: temporary rename failed: %s", write.type, write.live_id, error)
