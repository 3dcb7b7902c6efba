"""The display of a report in a notebook."""

from __future__ import annotations

import re

import msgspec

from tests.report.builders import item, report


def cells(html: str) -> list[list[str]]:
    return [re.findall(r"<t[hd]>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", html)]


def test_verdict_and_totals_by_type() -> None:
    html = report([item(), item("failed", "43"), item("unchanged", "7", type_name="look")])._repr_html_()
    assert "1 of 3 items could not be restored completely; 2 succeeded." in html
    assert cells(html)[1:] == [
        ["look", "1", "0", "0", "1", "0", "0", "0"],
        ["dashboard", "2", "0", "1", "0", "0", "1", "0"],
        ["total", "3", "0", "1", "1", "0", "1", "0"],
    ]


def test_text_is_escaped() -> None:
    hostile = msgspec.structs.replace(report([item()]), session_id="<script>x</script>\x1b[31m")
    html = hostile._repr_html_()
    assert "<script>" not in html and "&lt;script&gt;" in html and "\x1b" not in html
