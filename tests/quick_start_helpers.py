"""Starts the fork server and the resource tracker of a quickly started command without their imports.

multiprocess starts both as ``python -c CODE``, with some files that they inherit. The first of each is here a process
that was forked from the command before its first step, and waits: it gets the files, the environment, the working
directory and the blocked signals that the new Python would have, and runs CODE. It is a child of the command, as the
fork server must be. Where it is gone (a test has killed it) Python is started.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import signal
import socket
from collections.abc import Callable, Sequence
from typing import Any

from multiprocess import util

from lrestore import crash_points
from lrestore.run.bulk.launch import child

FORK_SERVER = "forkserver"
"""Its name in process lists: its command line is that of the host of commands."""
LARGEST = 1 << 18
MODULES = {FORK_SERVER: "multiprocess.forkserver", "tracker": "multiprocess.resource_tracker"}
_PR_SET_NAME = 15
_OUT_OF_THE_WAY = 500
"""Files are received under numbers from here on, and get those that CODE names afterwards."""
_FROM_OUTSIDE = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""As long as it waits, only the end of the command ends it."""

_Spawn = Callable[[Any, Sequence[Any], Sequence[int]], int]


def make_ready() -> None:
    """Fork the processes that wait. Returns in the command; only one thread may run."""
    its_util: Any = util
    for name in MODULES:
        its_util.spawnv_passfds = _Waiting(name, its_util.spawnv_passfds)


class _Waiting:
    """Takes the place of ``spawnv_passfds``, which it calls for all but one start."""

    def __init__(self, name: str, spawn: _Spawn) -> None:
        self._start = f"from {MODULES[name]} import main"
        self._spawn = spawn
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _FROM_OUTSIDE)
        self._pid = os.fork()
        if not self._pid:
            ours.close()
            _wait_and_run(its, name)
        its.close()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self._connection: socket.socket | None = ours

    def __call__(self, path: Any, arguments: Sequence[Any], files: Sequence[int]) -> int:
        code = str(arguments[-1])
        if self._connection is None or not code.startswith(self._start):
            return self._spawn(path, arguments, files)
        told = {
            "code": code,
            "files": list(files),
            "environ": dict(os.environ),
            "cwd": os.getcwd(),  # noqa: PTH109 - as text
            "blocked": [int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, ())],
        }
        with self._connection as connection:
            self._connection = None
            try:
                socket.send_fds(connection, [json.dumps(told).encode()], files)
            except (BrokenPipeError, ConnectionResetError):
                return self._spawn(path, arguments, files)
        return self._pid


def _wait_and_run(connection: socket.socket, name: str) -> None:
    """Run CODE, or end with the command. Does not return."""
    with connection:
        packet, received, _, _ = socket.recv_fds(connection, LARGEST, 8)
    if not packet:
        os._exit(0)
    told: dict[str, Any] = json.loads(packet)
    aside = [fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, _OUT_OF_THE_WAY) for file in received]
    for file in received:
        os.close(file)
    for file, number in zip(aside, told["files"], strict=True):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(told["environ"])
    os.chdir(told["cwd"])
    crash_points.rearm()
    child._LOADED_BY = os.getpid()  # As if it had loaded the module itself.
    ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode(), 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_SETMASK, told["blocked"])
    exec(told["code"], {"__name__": "__main__"})
    raise SystemExit
