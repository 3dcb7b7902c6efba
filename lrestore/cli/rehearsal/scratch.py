"""The folder of one rehearsal, for its state file and its world. It is removed at the end, or by the next rehearsal."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lrestore.errors import StateError

_PREFIX = ".lrestore-rehearsal-"


@contextmanager
def scratch(state: Path) -> Iterator[Path]:
    """A private folder beside the state file, on the disk that a restore would use; in the folder for temporary files
    where that is not possible. Folders of killed rehearsals are removed. Raises StateError.
    """
    beside = state.expanduser().absolute().parent
    home = beside if os.access(beside, os.W_OK) else Path(tempfile.gettempdir())
    try:
        _remove_abandoned(home)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=home))
        held = _locked(folder)
    except OSError as error:
        raise StateError(f"cannot make a folder for the rehearsal in {home}: {error.strerror or error}") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if held is not None:
            os.close(held)


def unusable_folder(state: Path) -> str:
    """A warning if a restore could not make its state file where the settings say; "" if it could."""
    beside = state.expanduser().absolute().parent
    if os.access(beside, os.W_OK):
        return ""
    return f"a restore could not begin: its state file cannot be written to {beside} ([state] path)"


def _remove_abandoned(home: Path) -> None:
    """The kernel releases the lock of a process that has ended: a folder that can be locked belongs to none."""
    for folder in home.glob(f"{_PREFIX}*"):
        if folder.is_symlink() or not folder.is_dir() or folder.stat().st_uid != os.getuid():
            continue
        held = _locked(folder)
        if held is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(held)


def _locked(folder: Path) -> int | None:
    """The descriptor that holds the folder's lock; None if another process holds it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder, or of a file."""
    files = folder.rglob("*") if folder.is_dir() else [folder]
    return sum(file.stat().st_size for file in files if file.is_file())
