"""Run the whole fault matrix and print it: ``python -m tests.faults [PHASE]``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.faults.matrix import all_cases, run, table

only = sys.argv[1] if len(sys.argv) > 1 else ""
outcomes = {}
for case in all_cases():
    if only in ("", case.phase):
        with tempfile.TemporaryDirectory() as folder:
            outcomes[case] = run(case, Path(folder))
sys.exit(min(table(outcomes, print), 1))
