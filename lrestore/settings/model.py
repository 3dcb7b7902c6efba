"""The settings as types: names and defaults are the contract of the settings file.

The docstring below each key is its text in docs/settings.md, which ``python -m docs.generate.settings`` makes.
"""

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
_Days = Annotated[int, Meta(ge=0, le=36_500)]
_Amount = Annotated[float, Meta(ge=0, le=1e9)]
_Seconds = Annotated[float, Meta(gt=0, le=1e9)]
"""Longer times cannot be added to a date, or waited for."""


class SourceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The backup, and the instance that it came from."""

    path: str | list[str] = ""
    """The backup: a file, a list of files, or a glob; `.db.gz` too. Of several backups the newest counts; shards of one
    are read together: see [Several backups](backups.md).
    """
    instance: str = ""
    """Name of the source instance (the one that was backed up), key of the id mappings. Default: the first file's stem.
    """
    merge: bool = False
    """Read all files as one backup, even if they hold the same objects: of each object the newest row counts."""
    base_url: str = ""
    """URL of the source instance, if it still exists: queries that the backup lacks are read there, and nothing is
    written.
    """
    ini_section: str = ""
    """Section of `destination.ini` with the key of the source instance; or LRESTORE_SOURCE_CLIENT_ID and
    LRESTORE_SOURCE_CLIENT_SECRET.
    """
    max_backup_age: str = ""
    """An older backup is not restored from (exit 3): a duration such as `36h` or `2d`. The age is that of its newest
    object.
    """

    @property
    def paths(self) -> list[str]:
        """``path`` as a list, whichever way it was written."""
        return [self.path] * bool(self.path) if isinstance(self.path, str) else list(self.path)


class DestinationSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Looker to restore into."""

    base_url: str = ""
    """The Looker to restore into, without `/api/4.0`; `simulator`: the embedded one. LOOKERSDK_BASE_URL counts too."""
    name: str = ""
    """Key of the id mappings. Default: `host:port`; mappings that older versions recorded under the host alone are
    still read.
    """
    ini: str = DEFAULT_INI
    """Ini file in the format of the Looker SDK; LOOKERSDK_CLIENT_ID and LOOKERSDK_CLIENT_SECRET override it."""
    ini_section: str = ""
    """Default: its first section."""
    verify_ssl: bool = True
    """Check certificates."""
    timeout_s: _Seconds = 120.0
    """Maximum seconds of a call, from connecting to the last byte."""
    simulator_world: str = ""
    """For the simulator: file that it loads its objects from and saves them to."""
    proxy: str = ""
    """Empty: the proxy of `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, by the rules of requests; `none`: no
    proxy; or the URL of an HTTP proxy, with user and password if it requires them (`${NAME}` keeps them out of the
    file).
    """

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


class StateSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where sessions, checkpoints, dead letters and mappings are kept, and the undo shards beside them."""

    path: str = "lrestore-state.db"
    """Sessions, checkpoints, dead letters, mappings; never the backup itself."""
    keep_undo_days: _Days = 30
    """Older undo copies are removed when a run starts, except those of unfinished sessions."""


class RunSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a run goes about it."""

    select: list[str] = msgspec.field(default_factory=list)
    """The selection of a run without `--select`."""
    workers: _Few = 8
    """Worker processes, 1 to 64. With the default, no more processes than cores make the same number of concurrent
    calls, because that costs less processor time; `--workers 8`, or another number, starts exactly so many.
    """
    in_flight: _Few = 4
    """Concurrent calls per worker, 1 to 64."""
    max_retries: _Count = 5
    """How often a call is repeated."""
    checkpoint_every: _Positive = 100
    """Number of results after which a checkpoint is written."""
    checkpoint_seconds: _Amount = 1.0
    """Or seconds since the last checkpoint, whichever comes first."""
    identity: Literal["auto", "same-instance", "cross-instance"] = "auto"
    """`auto`, `same-instance` or `cross-instance`: see [identity](usage.md#identity)."""
    skip_if_modified: bool = False
    """Skip objects that were changed in Looker after the backup."""
    keep_extra: bool = False
    """Keep parts and memberships that the backup lacks."""
    if_missing: Literal["create", "skip", "fail"] = "create"
    """`create`, `skip` or `fail`."""
    if_different: Literal["update", "skip"] = "update"
    """An object exists and differs: `update` it, or `skip` it: see [only what is lost](usage.md#only-what-is-lost)."""
    if_trashed: Literal["restore", "skip"] = "restore"
    """An object is in the trash: `restore` it, or `skip` it."""
    fallback_owner: str = ""
    """User id: owner of content whose own owner does not exist. Default: the caller, and the item becomes a dead letter
    that says so.
    """
    fallback_folder: str = ""
    """Folder id: for content whose folder is in neither the backup nor the destination, and for content of personal
    folders that are gone. Default: dead letter.
    """
    missing_looks: Literal["restore", "skip", "fail"] = "restore"
    """A tile shows a look that the destination lacks: `restore` it too, `skip` the tile, or `fail` the dashboard."""
    new_folder_access: Literal["inherit", "closed", "copy"] = "inherit"
    """Access to a folder that lrestore creates, because backups hold no access lists: `inherit`: as the folder above;
    `closed`: administrators only; `copy`: as in the source instance (`source.base_url`). See
    [access](usage.md#access-to-new-folders).
    """
    trust_404: bool = False
    """Treat a 404 as *missing* even if the caller is not an admin."""
    confirm_above: _Count = 100
    """On a terminal, ask before writing more objects than this. Counts planned writes: a larger selection is planned
    first.
    """
    max_failures: str = "none"
    """Stop after this many failed items: `none`, `20` or `5%`."""
    max_updates: str = "none"
    """Do not start (exit 3) if the plan updates more items than this: `none`, `20`, or `30%` of the selected items.
    Costs a plan before the first write.
    """
    max_deletions: str = "none"
    """The same for deleted parts and removed memberships."""
    give_up_after_s: _Amount = 600.0
    """Stop when the destination has been unreachable for this many seconds."""
    settle_s: _Amount = 120.0
    """Seconds for which a create whose answer was lost (for example because its process was killed) may still take
    effect in Looker: the object is not created again before. Default: `timeout_s`.
    """
    max_item_bytes: _Positive = 16 * 1024 * 1024
    """Larger items become dead letters."""


class RateSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ceiling of the call rate; 0: found out, or derived."""

    per_second: _Amount = 0.0
    """Maximum calls per second; 0: measured."""
    burst: _Count = 0
    """Maximum calls that may be sent at once; 0: derived."""


class VerifySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The differences that ``--verify`` does not count: see :mod:`lrestore.run.compare.ignore_rules`."""

    ignore: list[str] = msgspec.field(default_factory=list)
    """Fields whose differences `--verify` reports under `ignored` and does not count: `TYPE.FIELD` with `*` and `?`, or
    a type alone; parts too (`dashboard_element.note_text`). A pattern that means no field is an error. In the
    environment separated by blanks.
    """


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings, by section. ``by_flag``: the keys that a flag or an argument has set, as ``section.key``."""

    source: SourceSettings = msgspec.field(default_factory=SourceSettings)
    destination: DestinationSettings = msgspec.field(default_factory=DestinationSettings)
    state: StateSettings = msgspec.field(default_factory=StateSettings)
    run: RunSettings = msgspec.field(default_factory=RunSettings)
    verify: VerifySettings = msgspec.field(default_factory=VerifySettings)
    rate: RateSettings = msgspec.field(default_factory=RateSettings)
    by_flag: frozenset[str] = frozenset()


SECTIONS: dict[str, type] = {
    "source": SourceSettings,
    "destination": DestinationSettings,
    "state": StateSettings,
    "run": RunSettings,
    "verify": VerifySettings,
    "rate": RateSettings,
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
