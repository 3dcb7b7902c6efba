"""The last step before the first write: show the screen, keep to the limits, ask."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

import msgspec

from lrestore.errors import NotConfirmedError
from lrestore.report.guards import Guards, lines
from lrestore.run.destination import ExaminedDestination
from lrestore.run.guards.disk import check_disk
from lrestore.run.guards.foresee import foresee, foreseen_in
from lrestore.run.guards.limits import check_plan, plans_first
from lrestore.run.guards.screen import may_ask, opening_screen, with_plan

log = logging.getLogger(__name__)


def pass_guards(destination: ExaminedDestination, overridden: Sequence[str]) -> Guards:
    """Show the screen; with a plan if the user is asked or a limit is set, since a plan costs calls.

    Returns the screen as it was shown. Raises StateError where the disk has no room, GuardError where the plan does
    more than the settings allow, NotConfirmedError where the answer is no.
    """
    job = destination.job
    guards = opening_screen(destination, overridden)
    asks, checks = may_ask(job), plans_first(job.settings) and not job.resumed
    if job.plan is not None:
        guards = with_plan(guards, foreseen_in(job.plan.plan))
    elif asks or checks:
        log.info("planning before the first write")
        guards = with_plan(guards, foresee(destination))
    for label, text in lines(guards):
        log.info("%s: %s", label, text)
    if guards.disk is not None:
        check_disk(guards.disk)
    if checks and guards.foreseen is not None:
        passed = check_plan(job.settings, guards.foreseen, job.to_write, job.request.override)
        guards = msgspec.structs.replace(guards, overridden=(*guards.overridden, *passed))
    for one in guards.overridden:
        log.warning("overridden: %s", one)
    foreseen = guards.foreseen
    if asks and foreseen is not None and foreseen.items > job.settings.run.confirm_above:
        asked_s = time.monotonic()
        if not job.surroundings.confirm(foreseen):
            raise NotConfirmedError("nothing was written: it was not confirmed")
        job.begun_s += time.monotonic() - asked_s
    return guards
