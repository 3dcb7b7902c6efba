"""The folder of the fork server's socket. The next run removes it if its owner was killed.

multiprocess removes its own folder only at the end of the process, so a kill leaves it behind. A kernel lock tells a
folder in use from an abandoned one, even between containers where process ids are not comparable.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

from multiprocess import process, util

_PREFIX = "lrst-"
"""Not longer than multiprocess's own prefix: a socket's path is limited to 107 bytes."""
_LOCK = "owner.lock"
_SOCKET_PATH_BYTES = 107
_LONGEST_NAME = f"/{_PREFIX}12345678/listener-12345678"
"""How multiprocess names a socket, below the folder for temporary files."""
_SHORT = ("/tmp", "/var/tmp")  # noqa: S108 (the folder in it is made by mkdtemp)
"""For a folder for temporary files whose path is too long for a socket."""
_YOUNG_S = 60.0
"""A folder younger than this may not be locked yet."""


def use_own_folder() -> None:
    """Remove abandoned folders of killed runs, and make multiprocess use a new folder.

    Raises OSError if none can be made. A program that has used multiprocess before keeps its folder.
    """
    parent = _parent()
    _remove_left_behind(Path(parent))
    # multiprocess has no public way to choose its folder.
    config: dict[str, object] = process.current_process()._config  # type: ignore[attr-defined]  # noqa: SLF001
    if config.get("tempdir") is not None:
        return
    folder = tempfile.mkdtemp(prefix=_PREFIX, dir=parent)
    # The lock is held until the process ends, however it ends.
    fcntl.flock(os.open(Path(folder, _LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), fcntl.LOCK_EX)
    util.Finalize(None, shutil.rmtree, args=(folder, True), exitpriority=-100)
    config["tempdir"] = folder


def _parent() -> str:
    """A folder for temporary files in which a socket can be made: the usual one, if its path is short enough."""
    usual = tempfile.gettempdir()
    if len(os.fsencode(usual + _LONGEST_NAME)) <= _SOCKET_PATH_BYTES:
        return usual
    return next((one for one in _SHORT if os.access(one, os.W_OK | os.X_OK)), usual)


def _remove_left_behind(parent: Path) -> None:
    for lock in parent.glob(f"{_PREFIX}*/{_LOCK}"):
        try:
            if time.time() - lock.stat().st_mtime < _YOUNG_S or lock.stat().st_uid != os.getuid():
                continue
            descriptor = os.open(lock, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            # Another run is removing it, or it belongs to another user.
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent, ignore_errors=True)
        except BlockingIOError:
            continue
        finally:
            os.close(descriptor)
