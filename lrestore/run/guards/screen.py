"""Collects the facts that the screen before the first write shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from lrestore.clock import utc_now
from lrestore.content.identity import Judgement
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.report.guards import BackupFacts, Foreseen, Guards, OpeningDestination
from lrestore.run.audit import age
from lrestore.run.destination import ExaminedDestination
from lrestore.run.guards.disk import disk_of, needed_bytes
from lrestore.run.job import Job, in_bulk
from lrestore.vault.reader import Vault

_ASKED_OF_SOURCE = frozenset({"group", "role"})
"""Types of which the living source tells what no backup holds."""


class _Enabled(msgspec.Struct):
    enabled: bool | None = None


def opening_screen(destination: ExaminedDestination, overridden: Sequence[str] = ()) -> Guards:
    """The screen, with nothing planned yet. Whether the caller is an admin is asked where that costs nothing more.
    ``overridden``: limits that the run passes on demand.
    """
    job, judgement = destination.job, destination.judgement
    bulk = in_bulk(job)
    workers = job.settings.run.workers if bulk else 0
    plans = job.request.mode == "plan"
    # Several processes need the answer anyway. A plan with a budget of calls keeps them for its items.
    asks = may_ask(job) or (job.request.max_calls is None if plans else bulk)
    settings, facts = job.settings, job.facts
    extent = job.extent
    restores, command = job.request.mode == "restore", job.surroundings.command
    needed = needed_bytes(job.to_write, extent.size_bytes, workers)
    return Guards(
        session_id=job.session_id if restores else "",
        selected=job.to_write,
        by_type=dict(Counter(key.type for key in job.keys)),
        removals=dict(Counter(key.type for key in job.removals)),
        backup=BackupFacts(
            paths=_named(job),
            instance=settings.source.instance,
            age=age(job.vault.synced_to(), utc_now()),
            synced_to=str(job.vault.synced_to() or ""),
            unreadable=extent.unreadable,
            doubts=len(job.backup_warnings),
            lacks=tuple(_lacks(job, judgement)),
            chosen=job.vault.chosen,
        ),
        destination=OpeningDestination(
            base_url=facts.base_url,
            user=facts.user_name,
            looker_version=facts.looker_version,
            proxy=destination.connection.session.proxy_name,
            admin=job.is_admin() if asks else None,
            creates_unseen=settings.run.trust_404,
            identity=judgement.instance,
            agree=judgement.agree,
            disagree=judgement.disagree,
        ),
        allow_alert_loss=job.request.allow_alert_loss,
        enabled_plans=_enabled(job.vault, job.keys),
        disable_schedules=job.request.disable_schedules,
        disk=disk_of(Path(settings.state.path), needed),
        undo=f"{command} --undo {job.session_id if restores else 'SESSION'}" if command else "",
        overridden=tuple(overridden),
    )


def may_ask(job: Job) -> bool:
    """Whether the user is asked if a plan writes more than ``[run] confirm_above``."""
    return job.surroundings.asks and not job.request.yes and job.to_write > job.settings.run.confirm_above


def with_plan(guards: Guards, foreseen: Foreseen) -> Guards:
    """The screen with what was planned."""
    return msgspec.structs.replace(guards, foreseen=foreseen)


def _named(job: Job) -> tuple[str, ...]:
    """The source of the restore: the backup's files, or the copies of the session that is undone."""
    if job.undone is not None:
        return (f"copies of session {job.undone.session_id}",)
    return tuple(map(str, job.vault.paths))


def _lacks(job: Job, judgement: Judgement) -> list[str]:
    """The facts about the selected types that neither the backup nor the source instance can give."""
    if job.undone is not None:
        # Copies are of the destination itself.
        return []
    types = {key.type for key in job.keys}
    asked = _ASKED_OF_SOURCE if job.asks_source(judgement) else frozenset[str]()
    lacks = [
        f"{type_name}: {what}"
        for type_name, entry in CONTENT_TYPES.items()
        for what in entry.never_backed_up
        if type_name in types and type_name not in asked
    ]
    if "look" in types and judgement.instance != "same":
        where = "tiles and the source instance" if job.asks_source(judgement) else "tiles that show it"
        lacks.append(f"look: the definition of its query (read from {where})")
    return lacks


def _enabled(vault: Vault, keys: Sequence[ItemKey]) -> int:
    """How many of the selected scheduled plans are switched on in the backup."""
    selected = {key.id for key in keys if key.type == "scheduled_plan"}
    if not selected:
        return 0
    rows = vault.scan("scheduled_plan", _Enabled, selected)
    return sum(key.id in selected and plan.enabled is True for key, plan, _ in rows)
