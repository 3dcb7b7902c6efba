"""How long tests wait for something that must come: long enough for any machine, so that only a hang ends it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lrestore.simulator.http.server import RunningSimulator

HANG_S = 600.0

GONE_WITHIN_S = 20.0
"""Ten times as long as processes may outlive their coordinator: one that stays for ever does not pass."""


def until_idle(simulator: RunningSimulator) -> None:
    """Wait until the simulator works on no call any more: those of a killed process take effect, too."""
    until_s = time.monotonic() + HANG_S
    while simulator.log.in_flight and time.monotonic() < until_s:
        time.sleep(0.02)
    assert not simulator.log.in_flight
