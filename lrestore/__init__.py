"""lrestore restores Looker content from a LookerVault backup.

The command line is the main entry (``lrestore --help``); from Python the same work is done by
:func:`restore`, :func:`plan`, :func:`verify` and :func:`undo`, which return the typed report that ``--report`` writes.

Nothing heavy is imported here: ``lrestore --version`` and ``--help`` must answer at once, and the Looker SDK alone
takes about half a second to import.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from lrestore.version import __version__

if TYPE_CHECKING:
    from lrestore.cli.keywords import Keywords
    from lrestore.errors import (
        CallsSpentError,
        DestinationError,
        GuardError,
        ItemError,
        LockHeldError,
        LrestoreError,
        NotConfirmedError,
        OutageError,
        ReadOnlyError,
        RunError,
        SettingsError,
        StateError,
        StateLostError,
        StoppedError,
        UsageError,
        VaultError,
        WrongInstanceError,
    )
    from lrestore.report.events import (
        AnyEvent,
        Event,
        ItemFailed,
        ItemFinished,
        ProgressMade,
        SessionEnded,
        SessionStarted,
        WarningGiven,
    )
    from lrestore.report.model import Report


__all__ = [
    "AnyEvent",
    "CallsSpentError",
    "DestinationError",
    "Event",
    "GuardError",
    "ItemError",
    "ItemFailed",
    "ItemFinished",
    "LockHeldError",
    "LrestoreError",
    "NotConfirmedError",
    "OutageError",
    "ProgressMade",
    "ReadOnlyError",
    "Report",
    "RunError",
    "SessionEnded",
    "SessionStarted",
    "SettingsError",
    "StateError",
    "StateLostError",
    "StoppedError",
    "UsageError",
    "VaultError",
    "WarningGiven",
    "WrongInstanceError",
    "__version__",
    "plan",
    "restore",
    "undo",
    "verify",
]

_HOMES = {
    **dict.fromkeys(
        ("AnyEvent", "Event", "ItemFailed", "ItemFinished", "ProgressMade", "SessionEnded", "SessionStarted"),
        "lrestore.report.events",
    ),
    "WarningGiven": "lrestore.report.events",
    "Report": "lrestore.report.model",
}
"""Types that are imported when they are asked for; those of errors are in :mod:`lrestore.errors`."""


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name, "lrestore.errors" if name.endswith("Error") else "")
    if not home:
        raise AttributeError(f"module 'lrestore' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(home), name)


Progress = Callable[["Event"], object] | None
"""Receives the events of a run; an error that it raises is logged, and ends the events but not the run."""

Config = str | os.PathLike[str] | None
"""A settings file; None: ``lrestore.toml`` in the working directory if there is one, else environment and defaults."""


def restore(
    config: Config = None, *, select: Sequence[str] = (), progress: Progress = None, **options: Unpack[Keywords]
) -> Report:
    """Restore, and return the report. Prints nothing and does not ask.

    ``select`` takes SPECs as ``--select`` does; without any, ``[run] select`` counts. ``options`` are the command
    line's flags with underscores: ``if_missing="skip"``, ``exclude=["user"]``, ``verify="after"``; type checkers know
    them (:class:`lrestore.cli.keywords.Keywords`). ``progress`` is called with each :class:`Event` of the run, the same
    that ``--events`` writes. Raises :class:`lrestore.errors.RunError` when the run could not start or had to end,
    TypeError for an unknown option; items that fail are in the report.
    """
    return _run(config, select, progress, {**options})


def plan(
    config: Config = None, *, select: Sequence[str] = (), progress: Progress = None, **options: Unpack[Keywords]
) -> Report:
    """Plan what :func:`restore` would do. Reads the destination, writes nothing. Arguments and errors as there."""
    return _run(config, select, progress, {**options, "plan": True})


def verify(
    config: Config = None, *, select: Sequence[str] = (), progress: Progress = None, **options: Unpack[Keywords]
) -> Report:
    """Compare backup and destination: see ``report.verify``; ``verify="both"`` also tells what only Looker has.
    Arguments and errors as in :func:`restore`.
    """
    return _run(config, select, progress, {"verify": "alone", **options})


def undo(
    session: str,
    config: Config = None,
    *,
    select: Sequence[str] = (),
    progress: Progress = None,
    **options: Unpack[Keywords],
) -> Report:
    """Undo the changes of the session with that id or prefix of an id. ``select`` narrows it, in ids of the
    destination; without it, everything is undone. Other arguments and errors as in :func:`restore`.
    """
    return _run(config, select, progress, {**options, "undo": session})


def _run(config: Config, select: Sequence[str], progress: Progress, options: dict[str, Any]) -> Report:
    from lrestore.cli.python_api import run_from_python

    return run_from_python(config, select, progress, options)
