"""The settings as types: names and defaults are the contract of the settings file."""

from __future__ import annotations

import functools
import typing
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from lrestore.errors import SettingsError
from lrestore.json_types import JsonObject
from lrestore.settings.looker_ini import DEFAULT_INI

SIMULATOR = "simulator"
"""The ``base_url`` that stands for the embedded simulator."""

_PORTS = {"http": 80, "https": 443}
"""The port of a URL that names none."""

_Count = Annotated[int, Meta(ge=0)]
_Positive = Annotated[int, Meta(ge=1)]
_Few = Annotated[int, Meta(ge=1, le=64)]
_Amount = Annotated[float, Meta(ge=0)]
_Seconds = Annotated[float, Meta(gt=0)]


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The backup; ``base_url`` is the instance that it came from, if that still lives. ``merge``: all files that
    ``path`` names are one backup, even if they hold the same objects.
    """

    path: str | list[str] = ""
    instance: str = ""
    merge: bool = False
    base_url: str = ""
    ini_section: str = ""
    max_backup_age: str = ""

    @property
    def paths(self) -> list[str]:
        """``path`` as a list, whichever way it was written."""
        return [self.path] * bool(self.path) if isinstance(self.path, str) else list(self.path)


class Destination(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to. ``ini_section = ""``: the first section; ``simulator_world``: a world file for the simulator.

    ``proxy``: empty for the environment's (``HTTPS_PROXY``, ``NO_PROXY``), ``none``, or the URL of an HTTP proxy.
    """

    base_url: str = ""
    name: str = ""
    ini: str = DEFAULT_INI
    ini_section: str = ""
    verify_ssl: bool = True
    timeout_s: _Seconds = 120.0
    simulator_world: str = ""
    proxy: str = ""

    @property
    def default_name(self) -> str:
        """``host:port``: two servers may share a host."""
        if self.base_url == SIMULATOR:
            return SIMULATOR
        url = urlsplit(self.base_url)
        host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname
        return f"{host}:{url.port or _PORTS.get(url.scheme, 443)}" if host else ""

    @property
    def former_name(self) -> str:
        """The name that older versions gave a destination that is called by its address: the host alone."""
        host = urlsplit(self.base_url).hostname or ""
        return host if self.name == self.default_name and self.name != host else ""


class State(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where sessions, checkpoints, dead letters and mappings are kept, and the undo shards beside them."""

    path: str = "lrestore-state.db"
    keep_undo_days: _Count = 30


class Run(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a run goes about it. ``max_failures``, ``max_updates`` and ``max_deletions`` are ``none``, a number or a
    percentage. ``settle_s`` is the
    destination's ``timeout_s`` where it is not given.
    """

    select: list[str] = msgspec.field(default_factory=list)
    workers: _Few = 8
    in_flight: _Few = 4
    max_retries: _Count = 5
    checkpoint_every: _Positive = 100
    checkpoint_seconds: _Amount = 1.0
    identity: Literal["auto", "same-instance", "cross-instance"] = "auto"
    skip_if_modified: bool = False
    keep_extra: bool = False
    if_missing: Literal["create", "skip", "fail"] = "create"
    if_different: Literal["update", "skip"] = "update"
    if_trashed: Literal["restore", "skip"] = "restore"
    fallback_owner: str = ""
    fallback_folder: str = ""
    missing_looks: Literal["restore", "skip", "fail"] = "restore"
    new_folder_access: Literal["inherit", "closed", "copy"] = "inherit"
    trust_404: bool = False
    confirm_above: _Count = 100
    max_failures: str = "none"
    max_updates: str = "none"
    max_deletions: str = "none"
    give_up_after_s: _Amount = 600.0
    settle_s: _Amount = 120.0
    max_item_bytes: _Positive = 16 * 1024 * 1024


class Rate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ceiling of the call rate; 0: found out, or derived."""

    per_second: _Amount = 0.0
    burst: _Count = 0


class Verify(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The differences that ``--verify`` does not count: see :mod:`lrestore.run.compare.ignore_rules`."""

    ignore: list[str] = msgspec.field(default_factory=list)


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be set, by section. ``by_flag``: what a flag or an argument has set, as ``section.key``."""

    source: Source = msgspec.field(default_factory=Source)
    destination: Destination = msgspec.field(default_factory=Destination)
    state: State = msgspec.field(default_factory=State)
    run: Run = msgspec.field(default_factory=Run)
    verify: Verify = msgspec.field(default_factory=Verify)
    rate: Rate = msgspec.field(default_factory=Rate)
    by_flag: frozenset[str] = frozenset()


SECTIONS: dict[str, type] = {
    "source": Source,
    "destination": Destination,
    "state": State,
    "run": Run,
    "verify": Verify,
    "rate": Rate,
}


@functools.cache
def kinds() -> JsonObject:
    """The type of every setting, by ``section.key``."""
    return {
        f"{section}.{key}": kind
        for section, struct in SECTIONS.items()
        for key, kind in typing.get_type_hints(struct, include_extras=True).items()
    }


def require_source(settings: Settings) -> None:
    """Raise :class:`SettingsError` unless a backup is named."""
    if not settings.source.paths:
        raise SettingsError(
            "no backup is set", hint='set path in [source], such as path = "vault.db", or LRESTORE_SOURCE_PATH'
        )


def require_destination(settings: Settings) -> None:
    """Raise :class:`SettingsError` unless a destination is named."""
    if not settings.destination.base_url:
        raise SettingsError(
            "no destination is set",
            hint='set base_url in [destination], such as "https://looker.example.com:19999", or LOOKERSDK_BASE_URL',
        )
