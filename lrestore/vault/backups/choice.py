"""Which of several backups counts: the newest, or the newest that is not younger than a date.

Without a date the newest one must be beyond doubt: a full, finished backup beside older states of the same objects.
Everything else ends with a :class:`VaultError` that tells what was seen. With a date the user has said which one is
meant: the same doubts are warnings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lrestore.errors import VaultError
from lrestore.text.words import counted, shortened
from lrestore.vault.backups.facts import FileFacts, Unreadable, common, of_another_instance, same_rows
from lrestore.vault.backups.groups import BackupFiles, Grouped, listing_date

_LISTED: Final = 6
_DATED: Final = 100
_NAMED: Final = 3
HINT: Final = (
    "name one with --as-of DATE, name the files that belong together in [source] path, or set [source] merge = true"
    " to read all of them as one"
)


@dataclass(frozen=True, slots=True)
class ChosenBackup:
    """The backup that counts. ``said`` is the sentence for the opening lines; ``of`` the number of backups."""

    backup: BackupFiles
    said: str
    warnings: tuple[str, ...]
    of: int


def choose_backup(found: Grouped, as_of: datetime | None = None, asked: str = "") -> ChosenBackup:
    """The backup that counts. ``asked``: ``as_of`` as the user wrote it. Raises VaultError where it is in doubt."""
    if as_of is not None:
        return _as_of(found, as_of, asked)
    newest = _newest(found.backups)
    _refuse_other_instances(newest, found.backups)
    doubts = list(_doubts(newest, found.backups))
    if doubts:
        raise VaultError(
            f"[source] path names {_listed(found.backups)}; it is in doubt which one is meant: {'; '.join(doubts)}",
            hint=HINT,
        )
    return _choice(newest, found, "the newest of {count} backups", ())


def matching(found: Grouped, fingerprint: str) -> ChosenBackup | None:
    """The backup with this fingerprint, if it is there."""
    for backup in found.backups:
        if backup.fingerprint == fingerprint:
            return _choice(backup, found, "of {count} backups the one that the plan was made of", ())
    return None


def refuse_unreadable(unreadable: Sequence[Unreadable], files: int) -> None:
    """Raise VaultError if a file cannot be read: it may be a part of the backup that counts."""
    if unreadable and files == 1:
        raise unreadable[0].error
    if unreadable:
        others = f"; so cannot {', '.join(one.path for one in unreadable[1:])}" if unreadable[1:] else ""
        reason = unreadable[0].error
        first = f"{reason.hint}; or " if reason.hint else ""
        raise VaultError(
            f"{reason.message}{others}; it is one of {files} files that [source] path names, and may be a part of the"
            " backup that counts",
            hint=f"{first}move it away, or name the other files in [source] path",
        )


def _as_of(found: Grouped, as_of: datetime, asked: str) -> ChosenBackup:
    old_enough = [backup for backup in found.backups if backup.moment is not None and backup.moment <= as_of]
    if not old_enough:
        dates = [listing_date(backup.date) for backup in found.backups]
        raise VaultError(
            f"each backup is younger than {asked}; the dates are {shortened(dates, _DATED)}",
            hint="give a later DATE; one without an offset is UTC",
        )
    newest = _newest(old_enough)
    _refuse_other_instances(newest, found.backups)
    others = [backup for backup in found.backups if backup is newest or backup.date < newest.date or not backup.date]
    warnings = tuple(_doubts(newest, others))
    why = f"of {{count}} backups the newest that is not younger than {asked}"
    return _choice(newest, found, why, warnings)


def _choice(backup: BackupFiles, found: Grouped, why: str, warnings: tuple[str, ...]) -> ChosenBackup:
    notes = [
        f"not read, because {why_not}: {shortened(paths, _NAMED)}"
        for why_not, paths in (
            ("another file holds the same rows", [copy for copy, _ in found.copies]),
            ("no object is in it", found.empty),
        )
        if paths
    ]
    count = len(found.backups)
    if count == 1 and len(backup.files) == 1:
        said = ""
    elif count == 1:
        said = f"{len(backup.files)} files, shards of one backup"
    else:
        shards = f" ({len(backup.files)} shards)" if len(backup.files) > 1 else ""
        said = f"{why.replace('{count}', str(count))}: {listing_date(backup.date)}{shards}"
    return ChosenBackup(backup, said, (*warnings, *notes), count)


def _newest(backups: Sequence[BackupFiles]) -> BackupFiles:
    """Raises VaultError if two are the newest."""
    newest = max(backups, key=lambda backup: backup.date)
    equal = [backup for backup in backups if backup.date == newest.date]
    if len(equal) > 1:
        raise VaultError(
            f"[source] path names {_listed(backups)}; {' and '.join(map(backup_name, equal))} are equally new, and hold"
            " the same objects",
            hint="name one of them in [source] path",
        )
    return newest


def _refuse_other_instances(chosen: BackupFiles, backups: Sequence[BackupFiles]) -> None:
    """Raise VaultError if the files are of several instances: no date tells which one is meant."""
    others = [
        file.path
        for backup in backups
        if backup is not chosen
        for file in backup.files
        if any(of_another_instance(own, file) for own in chosen.files)
    ]
    if others:
        raise VaultError(
            f"[source] path names backups of different instances: most objects of {shortened(others, _NAMED)} were"
            f" created at other times than those with the same ids in {backup_name(chosen)}",
            hint="name only files of one instance in [source] path",
        )


def _doubts(newest: BackupFiles, backups: Sequence[BackupFiles]) -> Iterator[str]:
    """The reasons why the newest backup may not be a whole one."""
    others = [backup for backup in backups if backup is not newest]
    undated = [backup for backup in others if not backup.date]
    if undated:
        yield f"no row of {shortened([*map(backup_name, undated)], _NAMED)} has a readable sync time"
    strangers = [file.path for other in others if other.date for file in other.files if not newest.touches(file)]
    if strangers:
        yield f"no object of {shortened(strangers, _NAMED)} is in {backup_name(newest)}, which may be incomplete"
    twins = [file.path for other in others for file in other.files if _shares_rows(newest, file)]
    if twins:
        yield (
            f"{backup_name(newest)} and {shortened(twins, _NAMED)} hold rows of the same extraction, and each holds"
            " others: they may be parts of one backup"
        )
    yield from _partial(newest, others)
    yield from _unfinished(newest, others)


def _shares_rows(newest: BackupFiles, file: FileFacts) -> bool:
    """Whether the file holds rows of the newest backup, no older version of its objects, and other objects."""
    if not all(same_rows(own, file) for own in newest.files):
        return False
    shared = sum(1 for own in newest.files for _ in common(own, file))
    return 0 < shared < len(file.objects)


def _partial(newest: BackupFiles, others: Sequence[BackupFiles]) -> Iterator[str]:
    lacks = frozenset[str]().union(*(other.held for other in others)) - newest.covered
    if lacks:
        missing = ", no ".join(sorted(lacks))
        yield f"{backup_name(newest)} holds no {missing}, which others hold: it may be a partial backup"
    if all(file.incremental for file in newest.files) and not all(f.incremental for o in others for f in o.files):
        yield f"{backup_name(newest)} is an incremental extraction: it holds only objects that had changed"


def _unfinished(newest: BackupFiles, others: Sequence[BackupFiles]) -> Iterator[str]:
    statuses = [file.unfinished for file in newest.files if file.unfinished]
    if statuses and any(not file.unfinished for other in others for file in other.files):
        yield f"the last extraction of {backup_name(newest)} is recorded as {statuses[0]}"


def backup_name(backup: BackupFiles) -> str:
    """A backup by its first file."""
    more = f" and {len(backup.files) - 1} more" if len(backup.files) > 1 else ""
    return f"{backup.paths[0]}{more}"


def _listed(backups: Sequence[BackupFiles]) -> str:
    """``3 backups: DATE (FILE, 600 objects), ...``, the newest first."""
    shown = [
        f"{listing_date(backup.date)} ({backup_name(backup)}, {counted(backup.objects, 'object')})"
        for backup in reversed(backups)
    ]
    return f"{counted(len(backups), 'backup')}: {shortened(shown, _LISTED)}"
