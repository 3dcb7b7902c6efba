"""API keys of Looker: read from the environment or the SDK's ini file, and shown nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lrestore.errors import SettingsError
from lrestore.settings import Settings
from lrestore.settings.looker_ini import DEFAULT_INI, open_to_others, read_looker_ini

_DESTINATION = "LOOKERSDK_"
_SOURCE = "LRESTORE_SOURCE_"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An API key. Neither ``repr`` nor ``str`` shows the secret, and the id only in part."""

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)

    def __repr__(self) -> str:
        return f"Credentials({self.client_id[:4]}…, ***)"


@dataclass(frozen=True, slots=True)
class Login:
    """A token of Looker, which is a secret, and until when to use it: seconds of the machine's monotonic clock."""

    token: str = field(default="", repr=False)
    until_s: float = float("-inf")


def destination_credentials(settings: Settings, environ: Mapping[str, str]) -> tuple[Credentials, list[str]]:
    """The key for the destination, and warnings.

    LOOKERSDK_CLIENT_ID and LOOKERSDK_CLIENT_SECRET come before the ini file, each by itself, as in the Looker SDK.
    Raises :class:`SettingsError` that says what to set if one is missing, or if the ini file cannot be used.
    """
    found = _from_environment(environ, _DESTINATION)
    if len(found) == 2:
        return Credentials(**found), []
    ini, warnings = _from_ini(settings, settings.destination.ini_section)
    url, meant = ini.get("base_url", "").rstrip("/"), settings.destination.base_url
    if url and meant and url != meant:
        warnings.append(f"{settings.destination.ini} holds the key of {url}; the destination is {meant}")
    return _complete({**ini, **found}, settings, _DESTINATION), warnings


def source_credentials(settings: Settings, environ: Mapping[str, str]) -> tuple[Credentials, list[str]]:
    """The key for ``[source] base_url``: LRESTORE_SOURCE_CLIENT_ID and _CLIENT_SECRET, or ``[source] ini_section``.

    Raises :class:`SettingsError` as :func:`destination_credentials` does. The ini file's first section, which may
    be the destination's, is never taken for the source.
    """
    found = _from_environment(environ, _SOURCE)
    ini: Mapping[str, str] = {}
    warnings: list[str] = []
    if len(found) < 2 and settings.source.ini_section:
        ini, warnings = _from_ini(settings, settings.source.ini_section)
    return _complete({**ini, **found}, settings, _SOURCE), warnings


def _from_environment(environ: Mapping[str, str], prefix: str) -> dict[str, str]:
    named = {name: environ.get(f"{prefix}{name.upper()}", "").strip() for name in ("client_id", "client_secret")}
    return {name: value for name, value in named.items() if value}


def _from_ini(settings: Settings, section: str) -> tuple[Mapping[str, str], list[str]]:
    path = Path(settings.destination.ini or DEFAULT_INI).expanduser()
    found = read_looker_ini(path, section)
    if found is not None:
        return found, _permissions(path) if "client_secret" in found else []
    if str(path) != DEFAULT_INI:
        raise SettingsError(
            f"[destination] ini: file {path} does not exist", hint="relative paths start at the working directory"
        )
    return {}, []


def _permissions(path: Path) -> list[str]:
    return [f"{path} holds a secret and other users may read it; run chmod 600 {path}"] if open_to_others(path) else []


def _complete(found: Mapping[str, str], settings: Settings, prefix: str) -> Credentials:
    missing = [name for name in ("client_id", "client_secret") if not found.get(name)]
    if not missing:
        return Credentials(found["client_id"], found["client_secret"])
    variables = " and ".join(f"{prefix}{name.upper()}" for name in missing)
    if prefix == _SOURCE:
        raise SettingsError(
            f"no {' and no '.join(missing)} for [source] base_url", hint=f"set {variables}, or ini_section in [source]"
        )
    raise SettingsError(
        f"no {' and no '.join(missing)} for the destination",
        hint=f"set {variables}, or write {' and '.join(missing)} in {settings.destination.ini or DEFAULT_INI}",
    )
