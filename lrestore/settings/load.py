"""Putting the settings together from flags, environment, settings file and defaults."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from lrestore.errors import SettingsError
from lrestore.settings.complete import completed
from lrestore.settings.file import SettingsFile, expanded, read_settings_file
from lrestore.settings.looker_ini import read_looker_ini
from lrestore.settings.model import SECTIONS, Settings, kinds
from lrestore.settings.values import typed, wrong_value
from lrestore.text.words import did_you_mean, nearest


class _Given(NamedTuple):
    """A value as given, and its place, for messages; ``as_text``: the place holds text only."""

    value: object
    place: str
    as_text: bool = False


_Layer = dict[str, _Given]
"""Values by ``section.key``."""

_SDK_VARIABLES = {
    "LOOKERSDK_BASE_URL": "destination.base_url",
    "LOOKERSDK_VERIFY_SSL": "destination.verify_ssl",
    "LOOKERSDK_TIMEOUT": "destination.timeout_s",
}
_INI_KEYS = {"base_url": "base_url", "verify_ssl": "verify_ssl", "timeout": "timeout_s"}
_LIMITS = frozenset({"run.max_failures", "run.max_updates", "run.max_deletions"})
"""Texts that may be written as numbers."""
_SECRET_KEYS = ("client_id", "client_secret")
_SECRET_VARIABLES = ("LRESTORE_SOURCE_CLIENT_ID", "LRESTORE_SOURCE_CLIENT_SECRET")
_SURELY_MISTYPED = 0.9
"""A variable outside of every section may be of another program; one so similar to a setting is a slip of the pen."""
_WHERE_SECRETS_GO = (
    "put credentials in LOOKERSDK_CLIENT_ID and LOOKERSDK_CLIENT_SECRET, or in the file that [destination] ini names"
)


def load_settings(
    file: Path | None,
    environ: Mapping[str, str],
    overrides: Mapping[str, object],
    checks: Mapping[str, Callable[[object], str]] = MappingProxyType({}),
) -> Settings:
    """Put the settings together.

    ``overrides`` come from flags, as ``{"run.workers": 4}``; None means that the flag wasn't given. Required
    settings are checked elsewhere (:func:`require_source`, :func:`require_destination`). A named ini file, not one that
    is found by default, supplies ``base_url``, ``verify_ssl`` and ``timeout`` if nothing else gives a ``base_url``.
    ``checks`` by key say what is wrong with a value, "" if nothing is.

    Raises :class:`SettingsError`, naming key and place, for anything unknown, of the wrong type or impossible.
    """
    given: _Layer = dict(_from_file(read_settings_file(file), environ)) if file else {}
    given |= _from_environment(environ)
    flags = {key: _Given(value, "flag or argument") for key, value in overrides.items() if value is not None}
    given |= flags
    given = dict(_from_ini(given)) | given
    settings = completed({key: _checked(key, entry, checks.get(key)) for key, entry in given.items()})
    return msgspec.structs.replace(settings, by_flag=frozenset(flags))


def _from_file(file: SettingsFile, environ: Mapping[str, str]) -> Iterator[tuple[str, _Given]]:
    for section, table in file.tables.items():
        if section not in SECTIONS:
            raise _unknown_section(section, file)
        if not isinstance(table, dict):
            raise SettingsError(
                f"{file.place(section)}: {section} is a section", hint=f"write [{section}] above its keys"
            )
        for key, value in table.items():
            place = file.place(section, key)
            _known(section, key, place)
            where = f"{place}: [{section}] {key}"
            yield f"{section}.{key}", _Given(expanded(value, environ, where), place)


def _unknown_section(section: str, file: SettingsFile) -> SettingsError:
    place = file.place(section)
    if section in _SECRET_KEYS:
        return SettingsError(f"{place}: {section} must not be in this file", hint=_WHERE_SECRETS_GO)
    homes = [f"[{key.split('.')[0]}]" for key in kinds() if key.split(".")[1] == section]
    if homes:
        return SettingsError(
            f"{place}: the key {section!r} is outside of every section", hint=f"move it to {' or '.join(homes)}"
        )
    return SettingsError(
        f"{place}: there is no section [{section}]",
        hint=did_you_mean(section, SECTIONS) or f"known: {', '.join(SECTIONS)}",
    )


def _known(section: str, key: str, place: str) -> None:
    if f"{section}.{key}" in kinds():
        return
    if key in _SECRET_KEYS:
        raise SettingsError(f"{place}: [{section}] {key} must not be in this file", hint=_WHERE_SECRETS_GO)
    keys = [known.split(".")[1] for known in kinds() if known.startswith(f"{section}.")]
    elsewhere = [known for known in kinds() if known.endswith(f".{key}")]
    hint = f"it belongs to [{elsewhere[0].split('.')[0]}]" if elsewhere else did_you_mean(key, keys)
    raise SettingsError(
        f"{place}: there is no setting {key!r} in [{section}]", hint=hint or f"[{section}] has: {', '.join(keys)}"
    )


def _from_environment(environ: Mapping[str, str]) -> _Layer:
    layer = {
        key: _Given(environ[variable], f"environment variable {variable}", as_text=True)
        for variable, key in _SDK_VARIABLES.items()
        if environ.get(variable)
    }
    ours = {f"LRESTORE_{key.replace('.', '_').upper()}": key for key in kinds()}
    prefixes = tuple(f"LRESTORE_{section.upper()}_" for section in SECTIONS)
    for variable, value in environ.items():
        if variable in _SECRET_VARIABLES or not variable.startswith("LRESTORE_"):
            continue
        if variable not in ours:
            if not variable.startswith(prefixes) and not nearest(variable, ours, likeness=_SURELY_MISTYPED):
                continue
            raise SettingsError(
                f"environment variable {variable}: there is no such setting", hint=did_you_mean(variable, ours)
            )
        if value:
            layer[ours[variable]] = _Given(value, f"environment variable {variable}", as_text=True)
    return layer


def _from_ini(given: _Layer) -> Iterator[tuple[str, _Given]]:
    """The destination as a named ini file describes it, if nothing else gives a ``base_url``."""
    if "destination.ini" not in given or "destination.base_url" in given:
        return
    named = given["destination.ini"]
    ini = Path(str(_checked("destination.ini", named))).expanduser()
    section = given.get("destination.ini_section", _Given("", ""))
    try:
        found = read_looker_ini(ini, str(section.value)) or {}
    except SettingsError as error:
        raise SettingsError(f"{named.place}: [destination] ini: {error.message}", hint=error.hint) from error
    for name, value in found.items():
        if name in _INI_KEYS:
            yield f"destination.{_INI_KEYS[name]}", _Given(value, str(ini), as_text=True)


def _checked(key: str, given: _Given, more: Callable[[object], str] | None = None) -> object:
    """The value in its type; ``more`` says what else is wrong with it.

    Raises :class:`SettingsError` if it has another type, or is impossible.
    """
    section, name = key.partition(".")[::2]
    _known(section, name, given.place)
    kind = kinds()[key]
    raw = str(given.value) if key in _LIMITS and type(given.value) is int else given.value
    try:
        value = typed(raw, kind, as_text=given.as_text)
    except ValueError as error:
        raise _wrong(key, given, str(error)) from None
    if trouble := wrong_value(key, value) or (more(value) if more else ""):
        raise _wrong(key, given, trouble)
    return value


def _wrong(key: str, given: _Given, trouble: str) -> SettingsError:
    section, name = key.split(".")
    separator = ": " if trouble.startswith("expected") else " "
    return SettingsError(f"{given.place}: [{section}] {name}{separator}{trouble}")
