"""The request of one run: the flags that are not settings, as plain data that the state file stores."""

from __future__ import annotations

from typing import Literal

import msgspec

from lrestore.filters import Filters
from lrestore.report.model import AppliedPlan
from lrestore.restoration.beside import Beside

RunMode = Literal["restore", "dry-run", "plan", "verify"]

CreatedObjects = Literal["trash", "delete", "keep"]
"""The treatment of objects that the undone session created. ``trash``: dashboards and looks go to the trash."""


class Undo(msgspec.Struct, frozen=True, kw_only=True):
    """Which session is taken back. ``force``: also where an object was changed since."""

    session: str
    created: CreatedObjects = "trash"
    force: bool = False


class RunRequest(msgspec.Struct, frozen=True, kw_only=True):
    """``select`` and ``exclude`` are SPECs; ``verify_after``: read again and compare at the end.

    ``allow_alert_loss``: tiles with live alerts may be deleted. ``disable_schedules``: scheduled plans are restored
    switched off. ``yes``: do not ask before writing.
    """

    mode: RunMode = "restore"
    verify_after: bool = False
    only_live: bool = False
    """With a verification: also tell what is live and not in the backup."""
    select: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    filters: Filters = Filters()
    allow_alert_loss: bool = False
    disable_schedules: bool = False
    yes: bool = False
    with_dependencies: bool = False
    content_only: bool = False
    """Whether only content is added as dependencies: no users, groups, roles and sets."""
    max_calls: int | None = None
    max_runtime_s: float | None = None
    override: tuple[str, ...] = ()
    """The limits that this run may pass: see :mod:`lrestore.run.guards.limits`."""
    added_looks: tuple[str, ...] = ()
    """The ids of looks that are restored although not selected: see :mod:`lrestore.run.select.missing_looks`."""
    reason: str = ""
    """Why, as the user says it."""
    parent: str = ""
    undo: Undo | None = None
    applies: AppliedPlan | None = None
    as_of: str = ""
    """The date by which one of several backups was chosen: see :mod:`lrestore.vault.backups`."""
    beside: Beside | None = None
    """The copies to make beside the originals; None: restore the items themselves."""


class ThisStart(msgspec.Struct, frozen=True, kw_only=True):
    """Flags that count again when a session is resumed; the others are those of its start. ``rate``:
    calls per second.

    ``select`` and ``exclude`` choose among the dead letters that are tried again; empty: all of them.
    """

    yes: bool = False
    rate: float | None = None
    max_calls: int | None = None
    max_runtime_s: float | None = None
    verify_after: bool = False
    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    override: tuple[str, ...] = ()
    reason: str = ""

    def applied_to(self, begun: RunRequest) -> RunRequest:
        """The request of this start."""
        return msgspec.structs.replace(
            begun,
            yes=begun.yes or self.yes,
            max_calls=self.max_calls,
            max_runtime_s=self.max_runtime_s,
            verify_after=begun.verify_after or self.verify_after,
            override=begun.override + self.override,
            reason="; ".join(dict.fromkeys(filter(None, (begun.reason, self.reason)))),
        )
