"""One writing run per destination, and no lock that outlives its holder."""

from __future__ import annotations

import resource
import subprocess
import sys
import uuid

import pytest

from lrestore.errors import LockHeldError
from lrestore.state.destination_lock import DestinationLock
from tests.waiting import HANG_S

HOLD = """
import sys
from lrestore.state.destination_lock import DestinationLock
with DestinationLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_run_into_the_destination_is_refused_until_the_first_has_died() -> None:
    """With another state file, too: the lock knows none."""
    url = f"https://{uuid.uuid4().hex}.example.com:19999"
    command = [sys.executable, "-c", HOLD, url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(LockHeldError, match=rf"writing to {url}/: process {holder.pid} on "),
            DestinationLock(f"{url}/"),
        ):
            pass
        with DestinationLock("https://another.example.com"):
            pass
        holder.kill()
        holder.wait(HANG_S)
    with DestinationLock(url), pytest.raises(LockHeldError), DestinationLock(url):
        pass
    with DestinationLock(url):
        pass


def test_a_run_that_may_open_no_socket_has_no_lock() -> None:
    """Here it has no descriptor left; a sandbox refuses in the same way."""
    url = f"https://{uuid.uuid4().hex}.example.com"
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, before[1]))
    try:
        with DestinationLock(url):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_port_of_this_machine_is_not_locked_as_it_may_lead_elsewhere_by_now() -> None:
    url = "http://127.0.0.1:19999"
    with DestinationLock(url), DestinationLock(url):
        pass
