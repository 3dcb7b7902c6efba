"""Signals: the first is a wish, the second an order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from lrestore.cli.stopping import Stopping
from tests.cli.command import environment


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_asks_to_stop(number: signal.Signals, code: int) -> None:
    before = signal.getsignal(number)
    with Stopping("go on") as stopping:
        assert not stopping()
        os.kill(os.getpid(), number)
        assert stopping() and stopping.exit_code == code
    assert signal.getsignal(number) is before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_where_nothing_is_under_way_the_first_signal_ends_it(number: signal.Signals) -> None:
    with Stopping("go on") as stopping:
        with pytest.raises(KeyboardInterrupt), stopping.nothing_under_way():
            os.kill(os.getpid(), number)
        assert stopping.exit_code == 128 + number


@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_the_second_signal_stops_at_once_and_says_how_to_go_on(number: str, code: int) -> None:
    program = f"""
import os, signal
from lrestore.cli.stopping import Stopping
with Stopping("go on with: lrestore --select all"):
    os.kill(os.getpid(), signal.{number})
    os.kill(os.getpid(), signal.{number})
print("not reached")
"""
    argv = [sys.executable, "-c", program]
    done = subprocess.run(argv, env=environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.splitlines()[-1] == "go on with: lrestore --select all"
