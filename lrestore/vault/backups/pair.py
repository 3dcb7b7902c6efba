"""The two sides of ``--show changes=A..B``: each a date, or the path of a file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from lrestore.errors import UsageError, VaultError
from lrestore.vault.backups.as_of import last_moment
from lrestore.vault.backups.choice import choose_backup
from lrestore.vault.backups.facts import Unreadable, facts_of
from lrestore.vault.backups.groups import BackupFiles, Grouped, grouped_files

_HINT = "write two dates or file paths: changes=2026-11-01..2026-11-23"


def pair(text: str, found: Grouped) -> tuple[BackupFiles, BackupFiles]:
    """The backups A and B of ``A..B``, of those that were ``found`` or of files beside them.

    Raises UsageError if the text is not two dates or paths, or means the same backup twice; VaultError if a file cannot
    be read or no backup is old enough.
    """
    sides = list(_splits(text))
    if len(sides) != 1:
        wrong = "can be split in several ways" if sides else "is not two dates or paths of existing files"
        raise UsageError(f"changes={text}: {wrong}", hint=_HINT)
    one, other = (_side(side, found) for side in sides[0])
    if one.fingerprint == other.fingerprint:
        raise UsageError(f"changes={text}: both are the same backup, {one.paths[0]}", hint=_HINT)
    return one, other


def _splits(text: str) -> Iterator[tuple[str, str]]:
    """The ways to read the text: a path may hold dots of its own, such as ``../vault.db``."""
    start = text.find("..")
    while start >= 0:
        left, right = text[:start], text[start + 2 :]
        if _means_something(left) and _means_something(right):
            yield left, right
        start = text.find("..", start + 1)


def _means_something(side: str) -> bool:
    return bool(side.strip()) and (_file(side).is_file() or _is_date(side))


def _is_date(side: str) -> bool:
    try:
        last_moment(side)
    except UsageError:
        return False
    return True


def _file(side: str) -> Path:
    return Path(side).expanduser()


def _side(side: str, found: Grouped) -> BackupFiles:
    path = _file(side)
    if not path.is_file():
        if not found.backups:
            raise UsageError(f"no backup is named from which {side} could be chosen", hint="set [source] path")
        return choose_backup(found, last_moment(side), side).backup
    return _holding(path, found.backups) or _alone(path)


def _holding(path: Path, backups: Sequence[BackupFiles]) -> BackupFiles | None:
    """The backup of which the file is a shard."""
    real = os.path.realpath(path)
    return next((backup for backup in backups if real in map(os.path.realpath, backup.paths)), None)


def _alone(path: Path) -> BackupFiles:
    read = facts_of(path)
    if isinstance(read, Unreadable):
        raise read.error
    (backup,) = grouped_files([read]).backups or [None]
    if backup is None:
        raise VaultError(f"{path}: holds no object", hint="name a file that LookerVault wrote")
    return backup
