"""The report of a run before its first item, and the event that announces the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from lrestore.clock import stamp, utc_now
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.report.build import ReportBuilder, ReportHead
from lrestore.report.events import SessionStarted
from lrestore.report.model import ReportedDestination, ReportedSource
from lrestore.run.audit import dated
from lrestore.run.job import Job
from lrestore.run.saved_plan.origin import changed_facts

_NAMED = 20
"""Looks that are named in the warning about looks that were not selected; the report lists all of them."""


def _address(job: Job) -> str:
    """The address at which users see the destination."""
    if job.facts.web_url:
        return job.facts.web_url.rstrip("/")
    scheme = urlsplit(job.settings.destination.base_url).scheme or "https"
    return f"{scheme}://{job.hosts().here}"


def _ends(job: Job) -> tuple[ReportedSource, ReportedDestination]:
    """Backup and destination, as report and events name them."""
    source = ReportedSource(job.settings.source.instance, tuple(str(path) for path in job.vault.paths))
    source = dated(source, job.vault.fingerprint(), job.vault.synced_to(), utc_now())
    name, base_url = job.settings.destination.name, job.settings.destination.base_url
    return source, ReportedDestination(name, base_url, job.facts.looker_version)


def announce(job: Job, warnings: Iterable[str]) -> None:
    """Tell that the session begins, what the report warns of already, and the items that cannot be attempted."""
    source, destination = _ends(job)
    announcer, missing = job.surroundings.announcer, () if job.resumed else job.missing
    announcer.started(
        SessionStarted(
            session_id=job.session_id,
            mode=job.request.mode,
            selected=len(job.keys) + len(job.removals) + len(job.missing) + len(job.earlier),
            source=source,
            destination=destination,
            resumed=job.resumed,
            done=len(job.earlier),
        )
    )
    for warning in warnings:
        announcer.warning(warning)
    for result in missing:
        announcer.finished(result)


def report_of(job: Job) -> ReportBuilder:
    """A report without results. It has the warnings that are known before the first item."""
    source, destination = _ends(job)
    access = job.settings.run.new_folder_access
    head = ReportHead(
        job.session_id,
        job.request.mode,
        source,
        destination,
        stamp(job.begun_at),
        new_folder_access=access,
        applies=job.request.applies,
        undoes=job.request.undo.session if job.request.undo is not None else "",
        by=job.by,
        reason=job.request.reason,
        copied_into=job.request.beside.folder if job.request.beside else "",
        copied_before=job.request.beside.sessions if job.request.beside else (),
        address=_address(job) if job.request.beside else "",
    )
    builder = ReportBuilder(head, begun_s=job.begun_s)
    builder.expect([*job.keys, *job.removals])
    undone = job.undone.warnings() if job.undone is not None else []
    for warning in (
        *job.backup_warnings,
        *undone,
        *job.facts.warnings,
        *_since_plan(job),
        *_unknown_types(job),
    ):
        builder.warn(warning)
    if job.request.added_looks:
        builder.warn(added_looks(job))
    if job.uncopied:
        counts = ", ".join(f"{type_name} ({count})" for type_name, count in sorted(job.uncopied.items()))
        builder.warn(f"left out, because only looks and dashboards are copied: {counts}")
    if job.request.mode == "plan" and job.undone is None:
        for type_name, what in _never_backed_up(job):
            builder.warn(f"{type_name}s: no backup holds {what}")
    return builder


def added_looks(job: Job) -> str:
    """The warning about looks that are restored although not selected."""
    looks = [ItemKey("look", look) for look in job.request.added_looks]
    rows = (job.vault.row(key) for key in looks[:_NAMED])
    named = ", ".join(f"{row.key} ({row.name!r})" for row in rows if row is not None)
    more = f" and {len(looks) - _NAMED} more" if len(looks) > _NAMED else ""
    count = "1 look is" if len(looks) == 1 else f"{len(looks)} looks are"
    return (
        f"{count} restored although not selected, because tiles show them and the destination lacks them: "
        f"{named}{more} ([run] missing_looks)"
    )


def _since_plan(job: Job) -> Iterator[str]:
    """Warnings about changes since the applied plan was made."""
    facts = job.facts
    if job.plan is not None:
        yield from changed_facts(job.plan.plan, facts.looker_version, facts.user_id, facts.user_name)


def _never_backed_up(job: Job) -> Iterator[tuple[str, str]]:
    for type_name in sorted({key.type for key in job.keys}):
        for what in CONTENT_TYPES[type_name].never_backed_up:
            yield type_name, what


def _unknown_types(job: Job) -> Iterator[str]:
    """Warnings about types that the destination's specification lacks: their items are left out."""
    said = job.facts.specification
    unknown = Counter(key.type for key in job.keys if said is not None and key.type in said.no_types)
    if unknown:
        counts = ", ".join(f"{type_name} ({count})" for type_name, count in sorted(unknown.items()))
        yield f"left out, because Looker {job.facts.looker_version} does not know them: {counts}"
