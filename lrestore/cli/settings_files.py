"""Remembers the settings files of unfinished sessions by working directory, so that ``--resume`` works without flags.

One small file per session in ``$XDG_STATE_HOME/lrestore/sessions`` (default ``~/.local/state``), following the XDG base
directory specification. It holds paths and names of environment variables, never their values. If the files are lost,
``--resume`` only needs ``--config``, so errors with them never end a run.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from lrestore.cli.invocation import CHECKS, DEFAULT_CONFIG, settings_of
from lrestore.cli.options import LAST, Options, flag_settings
from lrestore.errors import SettingsError, StateError, UsageError
from lrestore.settings import Settings, load_settings
from lrestore.state.read import StateReader

log = logging.getLogger(__name__)

_STATE_PATH = "LRESTORE_STATE_PATH"
_PREFIXES = ("LRESTORE_", "LOOKERSDK_")
_SUFFIX = ".json"


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """How a session was started. ``config`` is "" without a settings file; ``variables`` are the names of environment
    variables that held settings. All paths are absolute.
    """

    session: str
    directory: str
    config: str
    state: str
    variables: tuple[str, ...] = ()


def remember(session_id: str, options: Options, settings: Settings, environ: Mapping[str, str]) -> None:
    """Store how the session was started. If that fails, ``--resume`` needs ``--config``."""
    try:
        folder = _folder(environ)
        config = options.config or (DEFAULT_CONFIG if DEFAULT_CONFIG.is_file() else None)
        kept = Remembered(
            session=session_id,
            directory=os.path.realpath("."),
            config=str(config.absolute()) if config else "",
            state=str(Path(settings.state.path).absolute()),
            variables=tuple(sorted(name for name in environ if name.startswith(_PREFIXES))),
        )
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(folder / (session_id + _SUFFIX), msgspec.json.encode(kept))
    except (OSError, ValueError) as error:
        log.debug("could not store how session %s was started, so --resume will need --config: %s", session_id, error)


def forget(session_id: str, environ: Mapping[str, str]) -> None:
    """Delete the stored settings of a finished session."""
    try:
        (_folder(environ) / (session_id + _SUFFIX)).unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        log.debug("could not delete the stored settings of session %s: %s", session_id, error)


def settings_to_resume(
    options: Options, environ: Mapping[str, str], tell: Callable[[str], None]
) -> tuple[Options, Settings]:
    """The flags and settings of this start. ``--resume`` without ``--config`` uses the settings file that the session
    was started with, and passes a message about it to ``tell``.

    Raises UsageError if several sessions are possible, SettingsError if their settings are not available.
    """
    if not options.resume or options.config:
        return options, settings_of(options, environ)
    ours = [one for one in _here(environ) if options.resume == LAST or one.session.startswith(options.resume)]
    unfinished = [one for one in ours if _is_unfinished(one, environ)]
    ways = {(one.config, one.state): one for one in unfinished}
    if len(ways) > 1:
        raise UsageError(
            f"{len(ways)} unfinished sessions were started here with different settings",
            hint="choose one: " + ", or ".join(_command(one) for one in ways.values()),
        )
    if ways:
        return _as_remembered(options, environ, unfinished[-1], tell)
    return _as_configured(options, environ, ours)


def _as_remembered(
    options: Options, environ: Mapping[str, str], one: Remembered, tell: Callable[[str], None]
) -> tuple[Options, Settings]:
    if one.config:
        tell(f"resuming session {one.session} with its settings file {one.config}")
        options = dataclasses.replace(options, config=Path(one.config))
    else:
        tell(f"session {one.session} was started without a settings file; using the environment")
    settings = _with_state_path(options, environ, one)
    if not settings.destination.base_url:
        missing = [name for name in one.variables if not environ.get(name)]
        raise SettingsError(
            f"session {one.session} took its settings from environment variables, and no destination is set now",
            hint=f"set them again ({', '.join(missing) or 'LOOKERSDK_BASE_URL'}), or give --config",
        )
    return options, settings


def _with_state_path(options: Options, environ: Mapping[str, str], one: Remembered) -> Settings:
    """The session is in the state file that it began with, even if the settings file names another one now."""
    settings = settings_of(options, environ)
    if str(Path(settings.state.path).absolute()) == one.state:
        return settings
    return load_settings(options.config, environ, {**flag_settings(options), "state.path": one.state}, CHECKS)


def _as_configured(
    options: Options, environ: Mapping[str, str], ours: Sequence[Remembered]
) -> tuple[Options, Settings]:
    """No remembered session can be resumed: load the settings as usual."""
    settings = settings_of(options, environ)
    lost = [one for one in ours if not Path(one.state).exists()]
    if lost and not settings.destination.base_url:
        raise UsageError(
            f"the state file {lost[-1].state} is missing, and session {lost[-1].session} with it",
            hint="start a new session with --select; items that are restored already are found unchanged",
        )
    if not settings.destination.base_url:
        raise SettingsError(
            "no destination is set, and no unfinished session of this directory is known",
            hint="give --config FILE, or set LOOKERSDK_BASE_URL",
        )
    return options, settings


def _here(environ: Mapping[str, str]) -> list[Remembered]:
    """The remembered sessions of this working directory, oldest first; LRESTORE_STATE_PATH restricts the state file."""
    try:
        here = os.path.realpath(".")
        state = str(Path(environ[_STATE_PATH]).absolute()) if environ.get(_STATE_PATH) else ""
    except OSError as error:
        log.debug("cannot determine the working directory: %s", error)
        return []
    return [one for one in _all(environ) if one.directory == here and (not state or one.state == state)]


def _all(environ: Mapping[str, str]) -> Iterator[Remembered]:
    try:
        files = sorted(_folder(environ).glob(f"*{_SUFFIX}"))
    except (OSError, ValueError) as error:
        log.debug("cannot list the stored sessions: %s", error)
        return
    for file in files:
        try:
            yield msgspec.json.decode(file.read_bytes(), type=Remembered)
        except (OSError, msgspec.MsgspecError) as error:
            log.debug("ignoring %s: %s", file, error)


def _is_unfinished(one: Remembered, environ: Mapping[str, str]) -> bool:
    """Whether the state file has the session as unfinished. If it cannot be read, True: resuming reports the error."""
    if not Path(one.state).exists():
        return False
    try:
        with StateReader.open(one.state) as reader:
            found = [session for session in reader.sessions() if session.id == one.session]
    except StateError as error:
        log.debug("%s cannot be read: %s", one.state, error)
        return True
    if found and found[0].resumable:
        return True
    forget(one.session, environ)
    return False


def _command(one: Remembered) -> str:
    config = f"--config {one.config} " if one.config else ""
    return f"lrestore {config}--resume {one.session} (state file {one.state})"


def _folder(environ: Mapping[str, str]) -> Path:
    """Raises ValueError if the user has no such directory. Relative paths are ignored, as the specification says."""
    base = Path(environ.get("XDG_STATE_HOME", ""))
    if not base.is_absolute():
        home = Path(environ.get("HOME") or os.path.expanduser("~"))  # noqa: PTH111 (Path.expanduser raises instead)
        base = home / ".local" / "state"
    if not base.is_absolute():
        raise ValueError("the user has no home directory")
    return base / "lrestore" / "sessions"


def _write(path: Path, content: bytes) -> None:
    """Write the file atomically: a concurrent reader never sees a part of it."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".new")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
