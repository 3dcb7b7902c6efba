"""Right-to-left text is set apart from what stands beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrestore.text.direction import BEGIN, END, isolated, runs
from lrestore.text.markdown import markdown
from lrestore.text.terminal import columns


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("look=1 Sales → 13", "look=1 Sales → 13"),
        ("look=1 שלום → 13", f"look=1 {BEGIN}שלום{END} → 13"),
        ("שלום עולם 7", f"{BEGIN}שלום עולם{END} 7"),
        ("לוח 12 של May", f"{BEGIN}לוח 12 של{END} May"),
        ("لوحة A لوحة", f"{BEGIN}لوحة{END} A {BEGIN}لوحة{END}"),
        ("売上 🎉", "売上 🎉"),
        ("לב\nלב", f"{BEGIN}לב{END}\n{BEGIN}לב{END}"),
    ],
)
def test_each_run_is_isolated(text: str, told: str) -> None:
    assert isolated(text) == told
    assert columns(isolated(text)) == columns(text)


@given(st.text(st.sampled_from("aZ 7(→'\nאשع0٣")))
def test_nothing_is_lost(text: str) -> None:
    assert "".join(part for part, _ in runs(text)) == text
    assert all(part[0] in "אשع" and part[-1] in "אשع" for part, turned in runs(text) if turned)


def test_names_in_a_summary_are_isolated() -> None:
    assert markdown("*a* שלום") == f"\\*a\\* {BEGIN}שלום{END}"
