"""Results of a mode that writes nothing: they go into the report and into the plan that is saved, nowhere else."""

from __future__ import annotations

from lrestore.messages import ItemResult
from lrestore.report.build import ReportBuilder
from lrestore.run.items.loop import TakeResult
from lrestore.run.job import Job
from lrestore.run.report_head import announce
from lrestore.run.saved_plan.record import PlanRecord


def recorded_in(builder: ReportBuilder, job: Job, kept: PlanRecord | None = None) -> TakeResult:
    """A function that adds each result to ``builder``, and to ``kept``. Items that the backup lacks are added now."""
    for missing in job.missing:
        builder.add(missing)

    def record(result: ItemResult, blob: bytes | None) -> None:
        builder.add(result)
        if kept is not None:
            kept.add_result(result)

    return record


def announced(builder: ReportBuilder, job: Job, kept: PlanRecord | None = None) -> TakeResult:
    """As :func:`recorded_in`, for the results that are the run's own: the session begins now, and each is announced."""
    announce(job, builder.warnings)
    record = recorded_in(builder, job, kept)

    def record_and_announce(result: ItemResult, blob: bytes | None) -> None:
        record(result, blob)
        job.surroundings.announcer.finished(result)

    return record_and_announce
