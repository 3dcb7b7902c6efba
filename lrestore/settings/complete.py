"""The last step: defaults that depend on other settings, and combinations that are refused."""

from __future__ import annotations

import contextlib
import glob
import os
from collections.abc import Mapping
from pathlib import Path, PurePath

import msgspec

from lrestore.errors import SettingsError
from lrestore.settings.model import SECTIONS, DestinationSettings, Settings, SourceSettings

_HOME_PATHS = ("state.path", "destination.ini", "destination.simulator_world")


def completed(values: Mapping[str, object]) -> Settings:
    """Settings from checked values by ``section.key``. Raises :class:`SettingsError`: the state is a backup, or
    what is to be copied has no source.
    """
    tables: dict[str, dict[str, object]] = {section: {} for section in SECTIONS}
    for key, value in values.items():
        section, name = key.split(".")
        tables[section][name] = str(Path(str(value)).expanduser()) if key in _HOME_PATHS else value
    if "destination.timeout_s" in values:
        # A create may take effect for as long as a call may take.
        tables["run"].setdefault("settle_s", values["destination.timeout_s"])
    settings: Settings = msgspec.convert(tables, Settings)
    _state_apart(settings)
    if settings.run.new_folder_access == "copy" and not settings.source.base_url:
        raise SettingsError(
            '[run] new_folder_access = "copy" needs [source] base_url: access lists are read from the source instance',
            hint='set its URL, or set new_folder_access = "closed"',
        )
    source, destination = settings.source, settings.destination
    url = destination.base_url.rstrip("/")
    return msgspec.structs.replace(
        settings,
        source=msgspec.structs.replace(
            source, instance=source.instance or _stem(source), base_url=source.base_url.rstrip("/")
        ),
        destination=_named(msgspec.structs.replace(destination, base_url=url)),
    )


def _named(destination: DestinationSettings) -> DestinationSettings:
    return msgspec.structs.replace(destination, name=destination.name or destination.default_name)


def _stem(source: SourceSettings) -> str:
    """The first file's name without ``.db`` and ``.gz``; of a glob, the first match's."""
    first = next(iter(_backup_files(source)), "")
    stem = PurePath(first).name.removesuffix(".gz").removesuffix(".db")
    return stem.encode("utf-8", "backslashreplace").decode()  # a file's name may be bytes that are no text


def _backup_files(source: SourceSettings) -> list[str]:
    files: list[str] = []
    for path in (str(Path(path).expanduser()) for path in source.paths):
        files += sorted(glob.glob(path, recursive=True)) or [path]  # noqa: PTH207 - patterns may be absolute
    return files


def _state_apart(settings: Settings) -> None:
    """Two names of one file count as one: links, ``./``, and whatever the file system takes for the same."""
    state = settings.state.path
    if any(_same_file(backup, state) for backup in _backup_files(settings.source)):
        hint = "name another file: the state is written to"
        raise SettingsError(f"[state] path {state} is the backup file itself", hint=hint)


def _same_file(one: str, other: str) -> bool:
    with contextlib.suppress(OSError):  # one of them isn't there, or isn't to be seen
        return Path(one).samefile(other)
    return os.path.realpath(one) == os.path.realpath(other)
