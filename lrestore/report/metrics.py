"""The measurements of a run in Prometheus' text format, for the textfile collector of its node exporter.

The last run of a job overwrites the file of the one before. Names and units follow Prometheus' own rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lrestore.content.canonical import parse_moment
from lrestore.messages import Totals
from lrestore.report.model import Report

_GAUGE = "# HELP {name} {help}\n# TYPE {name} gauge\n"


def metrics(report: Report, open_letters: int) -> str:
    """The file's content. ``open_letters``: dead letters of all sessions that are not restored yet."""
    return "".join(_lines(report, open_letters))


def _lines(report: Report, open_letters: int) -> Iterator[str]:
    run = {"mode": report.mode, "destination": report.destination.name, "source": report.source.instance}
    ended = parse_moment(report.ended_at)
    if ended is not None:
        yield from _one("last_run_timestamp_seconds", "When the last run ended.", run, ended.timestamp())
    yield from _one("last_run_finished", "1 if the last run came to its end.", run, int(report.status == "finished"))
    yield from _one("last_run_duration_seconds", "How long the last run took.", run, report.duration_s)
    outcomes = {name: getattr(report.totals, name) for name in Totals.__struct_fields__ if name != "selected"}
    yield from _many("last_run_items", "Items of the last run by outcome.", run, "outcome", outcomes)
    yield from _many(
        "last_run_calls", "API calls of the last run by licensed class.", run, "class", report.api.by_activity
    )
    yield from _one(
        "last_run_rate_limited_calls", "Calls that Looker refused for their rate.", run, report.api.rate_limited
    )
    if report.verify is not None:
        found = {"different": len(report.verify.different), "only_live": len(report.verify.only_live)}
        yield from _many("last_run_drifted_objects", "Objects that are not as in the backup.", run, "kind", found)
    yield from _one("open_dead_letters", "Dead letters of all sessions that are not restored yet.", run, open_letters)
    if report.source.age_s is not None:
        yield from _one("backup_age_seconds", "Age of the backup when the last run began.", run, report.source.age_s)


def _one(name: str, text: str, labels: Mapping[str, str], value: float) -> Iterator[str]:
    yield _GAUGE.format(name=f"lrestore_{name}", help=text)
    yield _sample(name, labels, value)


def _many(name: str, text: str, labels: Mapping[str, str], label: str, values: Mapping[str, float]) -> Iterator[str]:
    yield _GAUGE.format(name=f"lrestore_{name}", help=text)
    yield from (_sample(name, {**labels, label: key}, value) for key, value in values.items())


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    pairs = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return f"lrestore_{name}{{{pairs}}} {value:.15g}\n"


def _escaped(text: str) -> str:
    """A label's value (Prometheus, exposition formats: backslash, quote and line feed are escaped)."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
