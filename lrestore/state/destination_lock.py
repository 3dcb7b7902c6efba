"""One writing run per destination on this machine, whatever its state file.

Two runs that create the same users, boards or plans at the same time would create each of them twice: Looker has no
unique names for these. The lock is the name of a socket that only Linux has: no file is left, and the kernel frees the
name when its holder dies. Elsewhere, and where sockets are not permitted, there is no such lock. Neither is there one
for an address of this machine itself, such as a tunnel's: its port may lead to another Looker while the run that had
the first one still waits for it.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import socket
import struct
import sys
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from lrestore.errors import LockHeldError
from lrestore.looker.http.endpoint import endpoint_of

log = logging.getLogger(__name__)

_PEER = struct.Struct("3i")
"""Process, user and group at the other end of a socket (unix(7), SO_PEERCRED)."""


class DestinationLock:
    """Context manager; entering raises LockHeldError, naming the holder, while another run writes to ``base_url``."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        key = hashlib.sha256(base_url.rstrip("/").lower().encode()).hexdigest()
        self._name = f"\0lrestore-destination-{key[:32]}"
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        if sys.platform == "linux" and not endpoint_of(self._base_url).is_loopback:
            self._acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _acquire(self) -> None:
        with ExitStack() as opened:
            try:
                held = opened.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
                held.bind(self._name)
                held.listen(1)
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    raise LockHeldError(
                        f"another run is writing to {self._base_url}: {self._holder()} on {socket.gethostname()}",
                        hint="wait for it, or stop it and resume it later: two runs at once could create objects twice",
                    ) from error
                log.debug("no lock for %s: %s", self._base_url, error)
                return
            self._socket = held
            opened.pop_all()

    def _holder(self) -> str:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
            asked.settimeout(0)
            try:
                asked.connect(self._name)
                process, _, _ = _PEER.unpack(asked.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
            except OSError:
                return f"a process other than {os.getpid()}"
        return f"process {process}"
