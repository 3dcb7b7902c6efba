"""Makes the plan that is saved: its items with backup, destination, selection and settings."""

from __future__ import annotations

import msgspec

from lrestore.clock import stamp, utc_now
from lrestore.json_types import JsonObject
from lrestore.report.model import Report
from lrestore.run.job import Job
from lrestore.run.saved_plan.model import PlanDestination, PlanSource, SavedPlan
from lrestore.run.saved_plan.record import PlanRecord
from lrestore.version import __version__

_OF_ONE_START = (
    *("mode", "yes", "max_calls", "max_runtime_s", "verify_after", "applies"),
    *("select", "workers", "in_flight", "max_retries", "checkpoint_every", "checkpoint_seconds", "confirm_above"),
    *("max_failures", "give_up_after_s", "settle_s"),
)
"""Settings that affect how a run works, but not its writes."""


def saved_plan(job: Job, record: PlanRecord, report: Report) -> SavedPlan:
    """The complete plan of ``job``."""
    source, destination, facts = job.settings.source, job.settings.destination, job.facts
    settings: JsonObject = msgspec.to_builtins(job.settings.run)
    request: JsonObject = msgspec.to_builtins(job.request)
    paths = tuple(str(path) for path in job.vault.paths)
    return SavedPlan(
        made_at=stamp(utc_now()),
        lrestore_version=__version__,
        source=PlanSource(source.instance, paths, job.vault.fingerprint()),
        destination=PlanDestination(
            destination.name, facts.base_url, facts.looker_version, facts.user_id, facts.user_name
        ),
        request={name: value for name, value in request.items() if name == "select" or name not in _OF_ONE_START},
        settings={name: value for name, value in settings.items() if name not in _OF_ONE_START},
        totals=report.totals,
        warnings=report.warnings,
        renames=tuple(record.renames),
        items=tuple(record.items),
    )
