"""Opening the backup that counts, of all files that ``[source] path`` names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lrestore.errors import UsageError, VaultError
from lrestore.settings import SourceSettings
from lrestore.vault.backups.as_of import last_moment
from lrestore.vault.backups.choice import ChosenBackup, choose_backup, matching, refuse_unreadable
from lrestore.vault.backups.facts import FileFacts, Unreadable, facts_of
from lrestore.vault.backups.groups import SHARDS_WITHIN, Grouped, grouped_files
from lrestore.vault.files import expand, is_pattern
from lrestore.vault.reader import Vault


def open_source(source: SourceSettings, as_of: str = "", *, fingerprint: str = "") -> Vault:
    """Open the backup that counts: the newest, or the newest that is not younger than ``as_of``; with ``[source]
    merge`` all files as one. ``fingerprint``: prefer the backup that has it, whatever its date.

    Raises UsageError for a DATE that is none, or beside ``merge``; VaultError if a file cannot be read, no backup is
    old enough, or it is in doubt which one counts.
    """
    moment = last_moment(as_of) if as_of else None
    if as_of and source.merge:
        raise UsageError(
            "--as-of chooses one of several backups, [source] merge reads all of them as one: they exclude each other",
            hint="set merge = false, or LRESTORE_SOURCE_MERGE=false for this run",
        )
    files = expand(source.paths)
    if source.merge or (len(files) == 1 and moment is None):
        merged = f"{len(files)} files read as one ([source] merge): of each object the newest row counts"
        return Vault.open(source.paths, chosen=merged if len(files) > 1 else "")
    found, unreadable = surveyed(source.paths)
    choice = matching(found, fingerprint) if fingerprint else None
    if choice is None:
        refuse_unreadable(unreadable, len(files))
        if not found.backups:
            return _without_objects(source, as_of)
        choice = choose_backup(found, moment, as_of)
    return _opened(choice, _unstable_name(source.instance, files[0]) if choice.of > 1 else ())


def _without_objects(source: SourceSettings, as_of: str) -> Vault:
    """Files that hold nothing have no date; without one they are an empty backup."""
    if as_of:
        raise VaultError(
            f"no file of [source] path holds an object: none is a backup as of {as_of}", hint="check [source] path"
        )
    return Vault.open(source.paths)


def surveyed(paths: Sequence[str]) -> tuple[Grouped, list[Unreadable]]:
    """The backups that files and globs name, and the files that cannot be read. One file at a time is open."""
    read = [facts_of(path) for path in expand(paths)]
    # Files that are named one by one and share no object are meant to be one backup, however old each is.
    within = SHARDS_WITHIN if any(map(is_pattern, paths)) else None
    facts = [one for one in read if isinstance(one, FileFacts)]
    return grouped_files(facts, within=within), [one for one in read if isinstance(one, Unreadable)]


def _opened(choice: ChosenBackup, warnings: Sequence[str]) -> Vault:
    vault = Vault.open(choice.backup.paths, chosen=choice.said, chosen_warnings=[*choice.warnings, *warnings])
    if vault.fingerprint() != choice.backup.fingerprint:
        vault.close()
        raise VaultError(
            f"{', '.join(choice.backup.paths)}: was changed while it was being read",
            hint="wait until LookerVault has finished, then start again",
        )
    return vault


def _unstable_name(instance: str, first: Path) -> Sequence[str]:
    """A warning where the instance is called by the first of many files."""
    if instance != first.name.removesuffix(".gz").removesuffix(".db"):
        return ()
    warning = (
        f"[source] instance is not set: its default, {instance!r}, is the name of the first file, and changes with it;"
        " id mappings are recorded under that name"
    )
    return (warning,)
