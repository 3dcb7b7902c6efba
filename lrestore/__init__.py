"""lrestore restores Looker content from a LookerVault backup.

The command line is the main entry (``lrestore --help``); from Python the same work is done by
:func:`restore`, :func:`plan`, :func:`verify` and :func:`undo`, which return the typed report that ``--report`` writes.

Nothing heavy is imported here: ``lrestore --version`` and ``--help`` must answer at once, and the Looker SDK alone
takes about half a second to import.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lrestore.version import __version__

if TYPE_CHECKING:
    from lrestore.report.model import Report


__all__ = ["__version__", "plan", "restore", "undo", "verify"]

Config = str | os.PathLike[str] | None
"""A settings file; None: ``lrestore.toml`` in the working directory if there is one, else environment and defaults."""


def restore(config: Config = None, *, select: Sequence[str] = (), **options: Any) -> Report:
    """Restore, and return the report. Prints nothing and does not ask.

    ``select`` takes SPECs as ``--select`` does; without any, ``[run] select`` counts. ``options`` are the command
    line's flags with underscores: ``if_missing="skip"``, ``exclude=["user"]``, ``verify="after"``. Raises
    :class:`lrestore.errors.RunError` when the run could not start or had to end, TypeError for an unknown option;
    items that fail are in the report.
    """
    return _run(config, select, options)


def plan(config: Config = None, *, select: Sequence[str] = (), **options: Any) -> Report:
    """Plan what :func:`restore` would do. Reads the destination, writes nothing. Arguments and errors as there."""
    return _run(config, select, {**options, "plan": True})


def verify(config: Config = None, *, select: Sequence[str] = (), **options: Any) -> Report:
    """Compare backup and destination: see ``report.verify``. Arguments and errors as in :func:`restore`."""
    return _run(config, select, {**options, "verify": "alone"})


def undo(session: str, config: Config = None, *, select: Sequence[str] = (), **options: Any) -> Report:
    """Undo the changes of the session with that id or prefix of an id. ``select`` narrows it, in ids of the
    destination; without it, everything is undone. Other arguments and errors as in :func:`restore`.
    """
    return _run(config, select, {**options, "undo": session})


def _run(config: Config, select: Sequence[str], options: dict[str, Any]) -> Report:
    from lrestore.cli.python_api import run_from_python

    return run_from_python(config, select, options)
