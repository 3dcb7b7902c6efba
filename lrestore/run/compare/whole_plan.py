"""Plans all items of a run: for ``--plan``, and before a restore that has limits to keep or a question to ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from lrestore.messages import ItemKey
from lrestore.restoration.context import Context
from lrestore.restoration.item_plan import ItemPlanner
from lrestore.run.compare.plan import Planned, planning
from lrestore.run.compare.planned_objects import PlannedObjects
from lrestore.run.compare.removals import PlannedRemovals
from lrestore.run.items.loop import ItemLoop
from lrestore.run.items.two_passes import TwoPasses
from lrestore.run.job import Job
from lrestore.run.journal.read_only import ReadOnlyJournal
from lrestore.run.prepare.name_swaps import renames
from lrestore.run.prepare.source_instance import with_group_edges
from lrestore.run.select.text_links import links_here
from lrestore.run.undo.decide import CONTENT, HOLDERS


class WholePlan:
    """``aside`` are the renames that come before the first item, ``planned`` the totals, with those renames."""

    def __init__(self, job: Job, context: Context, journal: ReadOnlyJournal) -> None:
        """Read which names have to be swapped, and which items refer to each other. Raises LookerError."""
        context = replace(context, in_run=frozenset(job.keys).__contains__)
        self.context = context
        self.aside = renames(job, context)
        self.planned = Planned(Counter(write.operation for write in self.aside))
        judgement = context.backup.judgement_of_items
        links = links_here(job.contents, job.keys, context.destination.live, judgement, journal.recorded)
        self._awaits = with_group_edges(links, job.gathered).awaits
        pretend = PlannedObjects(journal, context.destination.live)
        self._turn = planning(ItemPlanner(context), self.planned, pretend)
        self._removals = PlannedRemovals(job, context, self.planned, pretend)

    def over(self, keys: Iterable[ItemKey], loop: ItemLoop) -> bool:
        """Plan the items, and the deletions of an undo. False: stopped before the end."""
        return (
            self._removals.of_types(CONTENT, loop)
            and TwoPasses(loop, self._awaits).over(keys, self._turn)
            and self._removals.of_types(HOLDERS, loop)
        )
