"""Signals: the first one stops the run in order, the second one at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lrestore.cli.signals import Stopping
from tests.cli.command import environment
from tests.waiting import HANG_S


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)])
def test_the_first_signal_asks_to_stop(number: signal.Signals, code: int) -> None:
    before = signal.getsignal(number)
    with Stopping("lrestore --select all", "lrestore --resume") as stopping:
        assert not stopping()
        os.kill(os.getpid(), number)
        assert stopping() and stopping.exit_code == code
    assert signal.getsignal(number) is before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_ends_an_idle_program(number: signal.Signals) -> None:
    with Stopping("lrestore --select all", "lrestore --resume") as stopping:
        with pytest.raises(KeyboardInterrupt), stopping.nothing_under_way():
            os.kill(os.getpid(), number)
        assert stopping.exit_code == 128 + number


def test_an_earlier_signal_ends_the_program_once_it_is_idle() -> None:
    """Otherwise a Ctrl-C just before the question would be lost, and the command would wait for an answer."""
    with Stopping("lrestore --select all", "lrestore --resume") as stopping:
        os.kill(os.getpid(), signal.SIGINT)
        reached = False
        with pytest.raises(KeyboardInterrupt), stopping.nothing_under_way():
            reached = True
        assert not reached and stopping.exit_code == 130


def test_signals_work_if_stderr_is_unwritable() -> None:
    program = """
import os, signal
from lrestore.cli.signals import Stopping
with Stopping("lrestore --select all", "lrestore --resume") as stopping:
    os.kill(os.getpid(), signal.SIGTERM)
    assert stopping()
    print("still there", flush=True)
    os.kill(os.getpid(), signal.SIGTERM)
print("not reached")
"""
    with Path("/dev/full").open("wb") as full:
        argv = [sys.executable, "-c", program]
        done = subprocess.run(argv, env=environment(), stdout=subprocess.PIPE, stderr=full, text=True, check=False)
    assert (done.returncode, done.stdout) == (143, "still there\n")


def test_a_stderr_that_nothing_reads_keeps_no_run_alive() -> None:
    """The first signal ends the waiting of a line, the second one the program."""
    program = """
import os, signal, threading
from lrestore.cli.output import unfailing_stderr
from lrestore.cli.signals import Stopping
with unfailing_stderr(), Stopping("lrestore --select all", "lrestore --resume") as stopping:
    import sys
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGHUP)).start()
    sys.stderr.write("x" * 200_000)
    assert stopping()
    print("waits no more", flush=True)
    os.kill(os.getpid(), signal.SIGTERM)
"""
    read, write = os.pipe()
    try:
        argv = [sys.executable, "-c", program]
        done = subprocess.run(
            argv, env=environment(), stdout=subprocess.PIPE, stderr=write, text=True, timeout=HANG_S, check=False
        )
    finally:
        os.close(read)
        os.close(write)
    assert (done.returncode, done.stdout) == (143, "waits no more\n")


def test_a_ctrl_c_waits_for_the_end_of_the_imports() -> None:
    """An exception in the middle of them can crash the process, and one that is dropped there would be lost."""
    program = """
import os, signal, sys
from lrestore.cli.main import main

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "lrestore.cli.command_line":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
raise SystemExit(main(["--show", "sessions"]))
"""
    argv = [sys.executable, "-c", program]
    done = subprocess.run(argv, env=environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "stopping; a second signal stops at once\n"


@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 143)])
@pytest.mark.parametrize(("before", "way_on"), [("pass", "--select all"), ("stopping.begun()", "--resume")])
def test_the_second_signal_stops_at_once_and_names_the_resume_command(
    number: str, code: int, before: str, way_on: str
) -> None:
    """There is a session to be resumed only once it has begun."""
    program = f"""
import os, signal
from lrestore.cli.signals import Stopping
with Stopping("lrestore --select all", "lrestore --resume") as stopping:
    {before}
    os.kill(os.getpid(), signal.{number})
    os.kill(os.getpid(), signal.{number})
print("not reached")
"""
    argv = [sys.executable, "-c", program]
    done = subprocess.run(argv, env=environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.splitlines()[-1] == f"resume with: lrestore {way_on}"


def test_of_a_rehearsal_nothing_can_be_resumed() -> None:
    with Stopping("lrestore --rehearse", "lrestore --resume", keeps_nothing=True) as stopping:
        assert stopping.last_words == "nothing was kept; run again with: lrestore --rehearse"


def test_an_ignored_hangup_stays_ignored() -> None:
    """This is the state under ``nohup``."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Stopping("lrestore --select all", "lrestore --resume") as stopping:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stopping()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_session_that_is_lost_is_not_offered_to_be_resumed() -> None:
    with Stopping("lrestore --select all", "lrestore --resume") as stopping:
        assert stopping.last_words == "resume with: lrestore --select all"
        stopping.begun()
        assert stopping.last_words == "resume with: lrestore --resume"
        stopping.unresumable()
        assert stopping.last_words == "this session cannot be resumed; start a new one with: lrestore --select all"
