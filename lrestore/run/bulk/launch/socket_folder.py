"""Where the fork server's socket lies: a folder that the next run removes if its owner was killed.

multiprocessing removes its own folder at the end of the process only, and after a kill nothing does. A kernel's lock
tells a folder in use from one that was left behind, also where processes don't see each other's numbers.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from multiprocessing import process, util
from pathlib import Path

_PREFIX = "lrst-"
"""No longer than multiprocessing's own: a socket's path may have 107 bytes."""
_LOCK = "owner.lock"
_YOUNG_S = 60.0
"""A folder younger than this may not be locked yet."""


def use_own_folder() -> None:
    """Remove what killed runs left in the folder for temporary files, and let multiprocessing use a folder like that.

    Raises OSError if none can be made. A program that has used multiprocessing before keeps its folder.
    """
    _remove_left_behind(Path(tempfile.gettempdir()))
    # multiprocessing has no public way to choose its folder.
    config: dict[str, object] = process.current_process()._config  # type: ignore[attr-defined]  # noqa: SLF001
    if config.get("tempdir") is not None:
        return
    folder = tempfile.mkdtemp(prefix=_PREFIX)
    # Held until the process ends, however it ends.
    fcntl.flock(os.open(Path(folder, _LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), fcntl.LOCK_EX)
    util.Finalize(None, shutil.rmtree, args=(folder, True), exitpriority=-100)
    config["tempdir"] = folder


def _remove_left_behind(parent: Path) -> None:
    for lock in parent.glob(f"{_PREFIX}*/{_LOCK}"):
        try:
            if time.time() - lock.stat().st_mtime < _YOUNG_S or lock.stat().st_uid != os.getuid():
                continue
            descriptor = os.open(lock, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            # Another run is removing it, or it is another user's.
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent, ignore_errors=True)
        except BlockingIOError:
            continue
        finally:
            os.close(descriptor)
