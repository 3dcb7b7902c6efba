"""Checks that the state file of a run is still in place.

SQLite continues to write into a file that was removed or moved away, and ``--resume`` finds none of that. So the files
are checked before calls and before commits, many times per second.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lrestore.errors import StateLostError
from lrestore.state.undo_folder import undo_directory

_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH

_GOOD_FOR_S = 0.02
"""Shorter than most calls, while which a file can be lost, too."""


class _Facts(NamedTuple):
    """``size`` is checked only for the state file, which never shrinks while a run uses it."""

    device: int
    inode: int
    writable: bool
    size: int = 0


class Guard:
    """Records the files of one run as they are now; can be pickled for other processes. Raises StateError if one is
    missing.

    Create it while the state file is open in this process: only then the files of its log exist.
    """

    def __init__(self, state_path: Path | str, session_id: str) -> None:
        state = os.path.abspath(state_path)  # noqa: PTH100 (a link that is put elsewhere is to be noticed)
        self.state = Path(state)
        self._copies = os.path.abspath(undo_directory(state, session_id))  # noqa: PTH100 (the same)
        beside = (f"{state}-wal", f"{state}-shm", f"{os.path.realpath(state)}.lock", os.path.dirname(state))  # noqa: PTH120
        self._known = {path: facts for path in (state, *beside) if (facts := _facts(path, sized=path == state))}
        self._glanced_at = (state, f"{state}-wal", f"{os.path.realpath(state)}.lock", self._copies)
        self._lost = ""
        self._checked_at_s = float("-inf")

    def check_before_call(self) -> None:
        """Raise StateLostError if a file has changed. All is looked at only where a glance shows a change, and from
        time to time: it takes a dozen system calls.
        """
        now_s = time.monotonic()
        if now_s - self._checked_at_s >= _GOOD_FOR_S or not self._seems_in_place():
            self.check()
            self._checked_at_s = now_s

    def _seems_in_place(self) -> bool:
        """Whether the files that are removed or replaced with the state are the known ones, and none is smaller."""
        if self._lost:
            return False
        for path in self._glanced_at:
            known = self._known.get(path)
            if known is not None and not _at_a_glance(path, known):
                return False
        return True

    def check(self) -> None:
        """Raise StateLostError if a file has changed."""
        trouble = self.trouble()
        if trouble:
            raise StateLostError(trouble)

    def trouble(self) -> str:
        """The change in words; "" if there is none. A file that was lost once stays lost."""
        self._lost = self._lost or next(self._troubles(), "")
        return self._lost

    def lose(self, trouble: str) -> None:
        """Record a loss of the state file that was noticed elsewhere."""
        self._lost = self._lost or trouble

    @property
    def in_place(self) -> bool:
        """Whether the state file and its log are still the files that the run has written to."""
        return all(
            _same(_facts(path), facts) for path, facts in tuple(self._known.items()) if path.startswith(str(self.state))
        )

    def _troubles(self) -> Iterator[str]:
        # Many threads check at once; the first one that sees the undo copies adds them.
        for path, known in tuple(self._known.items()):
            now = _facts(path, sized=known.size > 0)
            if now != known and (how := _difference(now, known)):
                yield f"{path} {how} while the run was using it"
        if self._copies not in self._known and (copies := _facts(self._copies)) is not None:
            self._known[self._copies] = copies


def _facts(path: str, *, sized: bool = False) -> _Facts | None:
    try:
        found = os.stat(path)  # noqa: PTH116 (before each call)
    except OSError:
        return None
    # root can write to read-only files: the run checks whether the mode has changed.
    writable = bool(found.st_mode & _WRITABLE) and os.access(path, os.W_OK, effective_ids=True)
    return _Facts(found.st_dev, found.st_ino, writable, found.st_size if sized else 0)


def _at_a_glance(path: str, known: _Facts) -> bool:
    """Whether one system call shows no change."""
    try:
        found = os.stat(path)  # noqa: PTH116 (before each call)
    except OSError:
        return False
    writable = bool(found.st_mode & _WRITABLE) or not known.writable
    return (found.st_dev, found.st_ino) == known[:2] and writable and found.st_size >= known.size


def _same(now: _Facts | None, known: _Facts) -> bool:
    return now is not None and now[:2] == known[:2]


def _difference(now: _Facts | None, known: _Facts) -> str:
    if now is None:
        return "was removed"
    if not _same(now, known):
        return "was replaced"
    if known.writable and not now.writable:
        return "was made read-only"
    return "was cut short" if now.size < known.size else ""
