"""tests/lowest.txt pins what setup.cfg asks for at least."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_constraints_are_the_lower_bounds_of_setup_cfg() -> None:
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    extras = config["options.extras_require"]
    needed = "\n".join(
        [config["options"]["install_requires"], extras["simulator"], extras["completion"], extras["test"]]
    )
    bounds = set(re.findall(r"^([a-z-]+)>=([\d.]+)$", needed, re.MULTILINE))
    constraints = (ROOT / "tests" / "lowest.txt").read_text(encoding="utf-8")
    assert set(re.findall(r"^([a-z-]+)==([\d.]+)$", constraints, re.MULTILINE)) == bounds
