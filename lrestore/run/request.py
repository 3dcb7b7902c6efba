"""What one run is asked to do: what the command line adds to the settings, as plain data that the state file keeps."""

from __future__ import annotations

from typing import Literal

import msgspec

from lrestore.selection import Filters

Mode = Literal["restore", "dry-run", "plan", "verify"]


class RunRequest(msgspec.Struct, frozen=True, kw_only=True):
    """``select`` and ``exclude`` are SPECs as the user wrote them; ``verify_after``: read again and compare at the end.

    ``allow_alert_loss``: tiles on which live alerts hang may be deleted. ``disable_schedules``: scheduled plans are
    restored switched off. ``yes``: nobody is asked before writing.
    """

    mode: Mode = "restore"
    verify_after: bool = False
    select: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    filters: Filters = Filters()
    allow_alert_loss: bool = False
    disable_schedules: bool = False
    yes: bool = False
    with_dependencies: bool = False
    max_calls: int | None = None
    max_runtime_s: float | None = None
    parent: str = ""
