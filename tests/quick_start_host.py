"""A process with lrestore imported, which forks one process for each command that the tests start.

    python -m tests.quick_start_host FD

FD is a sequenced-packet socket. A packet ``{"argv", "cwd", "environ", "new_session"}`` with three file descriptors for
stdin, stdout and stderr starts ``python -m lrestore``, and is answered ``{"pid": n}`` once that process is in its
directory and session; ``{"wait": pid}`` waits for its end, and is answered ``{"status": n}`` as by waitpid(2). The
process ends when the socket is closed. See tests/quick_start.py for the reasons.
"""

from __future__ import annotations

import gc
import json
import os
import pkgutil
import runpy
import socket
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any, TextIO

import lrestore
from lrestore import crash_points
from lrestore.sdk import on_demand
from tests.quick_start_helpers import make_ready

LARGEST = 1 << 18
NOT_OF_THE_COMMAND = ("lrestore.simulator", "lrestore.run.bulk.launch.fork_server")


def import_the_command() -> None:
    """All modules that a run may import; what is imported later is imported in each run again."""
    on_demand.allow()
    for module in pkgutil.walk_packages(lrestore.__path__, "lrestore."):
        if not module.name.startswith(NOT_OF_THE_COMMAND) and not module.name.endswith("__main__"):
            import_module(module.name)


def serve(connection: socket.socket) -> Mapping[str, Any] | None:
    """Answer until the socket is closed. Returns in the forked processes, too: there with what they are to run."""
    while True:
        packet, streams, _, _ = socket.recv_fds(connection, LARGEST, 3)
        if not packet:
            return None
        asked: dict[str, Any] = json.loads(packet)
        if "wait" in asked:
            answer = {"status": os.waitpid(asked["wait"], 0)[1]}
        else:
            ready, told = os.pipe()
            pid = os.fork()
            if not pid:
                connection.close()
                os.close(ready)
                become(asked, streams)
                os.close(told)
                return asked
            os.close(told)
            os.read(ready, 1)  # Nothing comes: the other end is closed.
            os.close(ready)
            answer = {"pid": pid}
        for stream in streams:
            os.close(stream)
        connection.send(json.dumps(answer).encode())


def become(asked: Mapping[str, Any], streams: list[int]) -> None:
    """Make this process as a new one would be: its session, directory, environment, and streams."""
    if asked["new_session"]:
        os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    # The host's own writers know that its files can be sought; a pipe cannot.
    sys.stdout, sys.stderr = _writer(1, sys.stdout), _writer(2, sys.stderr)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environ"])
    sys.path[0] = asked["cwd"]
    sys.argv[:] = ["-m", *asked["argv"]]
    crash_points.rearm()


def _writer(number: int, as_before: TextIO) -> TextIO:
    buffering = 1 if number == 2 or os.isatty(number) else -1
    return open(number, "w", buffering, encoding=as_before.encoding, errors=as_before.errors, closefd=False)


if __name__ == "__main__":
    import_the_command()
    gc.freeze()
    if serve(socket.socket(fileno=int(sys.argv[1]))) is not None:
        make_ready()
        runpy.run_module("lrestore", run_name="__main__", alter_sys=True)
