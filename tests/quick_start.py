"""Starts the command without the half second of imports: the suite starts it some hundred times.

Each process of tests/quick_start_host.py's is forked from one that has imported lrestore, and then runs
``python -m lrestore`` as any other: with its own id, streams, directory, environment, session, signals, and exit code.
Its helpers are started as quickly: see tests/quick_start_helpers.py.
With ``--full`` (``nox -s nightly``) every command is started by Python itself, as the tests of starts and of streams in
tests/cli do always.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from inspect import signature
from pathlib import Path
from typing import IO, Any

_SURROUNDINGS = {"PYTHONPATH": str(Path(__file__).parents[1])}
COMMAND = [sys.executable, "-m", "lrestore"]
OF_THE_INTERPRETER = ("PYTHON", "LC_", "LANG", "TZ", "COVERAGE")
"""Variables that are read when Python starts: with others than the host's, Python is started."""


class Host:
    """The process from which commands are forked. It is started with the first of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: socket.socket | None = None
        self.used = hasattr(os, "pidfd_open")
        """Otherwise every command is started by Python."""

    def stop(self) -> None:
        """End it, if it was ever needed."""
        if self._connection is not None and self._process is not None:
            self._connection.close()
            self._process.wait()
            self._connection = self._process = None

    def ask(self, question: Mapping[str, Any], streams: Sequence[int] = ()) -> Any:
        """Its answer to one packet."""
        with self._lock:
            if self._connection is None:
                self._connection = self._start()
            socket.send_fds(self._connection, [json.dumps(question).encode()], streams)
            answer = self._connection.recv(1 << 12)
        assert answer, "the host of commands has ended"
        return json.loads(answer)

    def _start(self) -> socket.socket:
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.quick_start_host", str(its.fileno())],
                env={**os.environ, **_SURROUNDINGS},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[its.fileno()],
            )
        return ours


HOST = Host()


class _Forked(subprocess.Popen[Any]):
    """A process that the host has forked: not a child of this one, so that the host waits for it."""

    _pidfd = -1

    def _execute_child(self, *given: Any) -> None:
        base: Any = super()
        named = signature(base._execute_child).bind(*given).arguments
        pipes = [named[name] for name in ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")]
        streams = [own if own != -1 else number for number, own in enumerate((pipes[0], pipes[3], pipes[5]))]
        question = {
            "argv": [str(word) for word in named["args"][len(COMMAND) :]],
            "cwd": str(named["cwd"]),
            "environ": named["env"],
            "new_session": named["start_new_session"],
        }
        its: Any = self
        try:
            self.pid = HOST.ask(question, streams)["pid"]
            its._child_created = True
            self._pidfd = os.pidfd_open(self.pid)
        finally:
            its._close_pipe_fds(*pipes)

    def poll(self) -> int | None:
        if self.returncode is None and self._has_ended(0):
            self._reap()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not self._has_ended(timeout):
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self._reap()
        return self.returncode

    def _has_ended(self, within_s: float | None) -> bool:
        return bool(select.select([self._pidfd], [], [], within_s)[0])

    def _reap(self) -> None:
        self.returncode = os.waitstatus_to_exitcode(HOST.ask({"wait": self.pid})["status"])
        os.close(self._pidfd)


def start(
    arguments: Sequence[str],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    stdout: int | IO[Any] = subprocess.DEVNULL,
    stderr: int | IO[Any] = subprocess.PIPE,
    text: bool = True,
    new_session: bool = False,
) -> subprocess.Popen[Any]:
    """``python -m lrestore`` with these arguments and no stdin, under way."""
    forked = HOST.used and _of_the_interpreter(environ) == _of_the_interpreter({**os.environ, **_SURROUNDINGS})
    return (_Forked if forked else subprocess.Popen)(
        [*COMMAND, *arguments],
        cwd=cwd,
        env={**environ},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        text=text,
        start_new_session=new_session,
    )


def _of_the_interpreter(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name.startswith(OF_THE_INTERPRETER)}
