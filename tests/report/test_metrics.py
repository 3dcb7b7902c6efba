"""The measurements are in Prometheus' text format, and are those of the report."""

from __future__ import annotations

import re

import msgspec

from lrestore.report.metrics import metrics
from lrestore.report.model import Api, Difference, ReportedSource, Verify
from tests.report.builders import item, report

SAMPLE = re.compile(r'lrestore_\w+\{(?:\w+="(?:[^"\\\n]|\\["\\n])*",?)+\} [-+.\de]+')
TOLD = report([item("updated"), item("failed", "1")], Api(calls=5, by_activity={"db_query": 4}, rate_limited=1))


def test_every_line_is_a_comment_or_a_sample() -> None:
    for line in metrics(TOLD, 3).splitlines():
        assert line.startswith(("# HELP lrestore_", "# TYPE lrestore_")) or SAMPLE.fullmatch(line), line


def test_the_numbers_are_those_of_the_report() -> None:
    text = metrics(TOLD, 3)
    run = 'mode="restore",destination="live",source="prod"'
    assert f'lrestore_last_run_items{{{run},outcome="failed"}} 1\n' in text
    assert f'lrestore_last_run_calls{{{run},class="db_query"}} 4\n' in text
    assert f"lrestore_last_run_rate_limited_calls{{{run}}} 1\n" in text
    assert f"lrestore_open_dead_letters{{{run}}} 3\n" in text
    assert f"lrestore_last_run_timestamp_seconds{{{run}}} 1795435200\n" in text
    assert "drifted" not in text


def test_a_verification_counts_what_differs() -> None:
    told = msgspec.structs.replace(TOLD, mode="verify", verify=Verify(different=(Difference("look", "1", "A"),)))
    assert 'kind="different"} 1\n' in metrics(told, 0)


def test_names_are_escaped() -> None:
    told = msgspec.structs.replace(TOLD, source=ReportedSource('a"b\\c\nd', age_s=60.0))
    text = metrics(told, 0)
    assert 'source="a\\"b\\\\c\\nd"' in text
    assert "lrestore_backup_age_seconds" in text
    test_every_line = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(SAMPLE.fullmatch(line) for line in test_every_line)
