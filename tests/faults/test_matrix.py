"""A part of the fault matrix in which each fault and each phase comes: ``python -m tests.faults`` runs all of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.matrix import FAULTS, OFTEN, PHASES, Case, all_cases, run

PART = [
    Case(phase, FAULTS[(3 * number + step) % len(FAULTS)], often)
    for number, phase in enumerate(PHASES)
    for step, often in enumerate(("once", "always"))
]


@pytest.mark.parametrize("case", PART, ids=str)
def test_a_fault_loses_and_doubles_nothing(tmp_path: Path, case: Case) -> None:
    outcome = run(case, tmp_path)
    assert outcome.struck, "the fault never came"
    assert not outcome.wrong


def test_the_part_has_each_fault_and_each_phase() -> None:
    assert {case.fault for case in PART} == set(FAULTS)
    assert {case.phase for case in PART} == set(PHASES)
    assert set(PART) <= set(all_cases()) and {case.often for case in PART} == set(OFTEN)
