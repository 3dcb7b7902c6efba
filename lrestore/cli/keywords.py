"""The keywords of ``lrestore.restore()``, ``plan()``, ``verify()`` and ``undo()``: flags with underscores.

Only type checkers and editors read this; :mod:`lrestore.cli.python_api` converts and checks what is given.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Literal, TypedDict

File = str | os.PathLike[str]


class Keywords(TypedDict, total=False):
    """The arguments of all functions besides settings, selection and ``progress``. None: as if not given."""

    exclude: Sequence[str]
    owner: str | None
    folder: str | None
    name: str | None
    updated_since: str | None
    updated_before: str | None
    include_deleted: bool
    as_of: str | None
    with_dependencies: Literal["all", "content"] | None

    dry_run: bool
    plan: bool
    verify: Literal["alone", "after", "both"] | None
    drift_exit_code: int | None
    rehearse: Literal["backup", "empty"] | None
    resume: str | None
    retry_dead_letters: str | None
    undo: str | None
    plan_out: File | None
    apply: File | None
    discard: str | None

    identity: Literal["auto", "same-instance", "cross-instance"] | None
    if_missing: Literal["create", "skip", "fail"] | None
    if_different: Literal["update", "skip"] | None
    if_trashed: Literal["restore", "skip"] | None
    copy_into: str | None
    title: str | None
    undo_created: Literal["trash", "delete", "keep"] | None
    force: bool
    skip_if_modified: bool
    keep_extra: bool
    allow_alert_loss: bool
    disable_schedules: bool
    override: Sequence[Literal["max_backup_age", "max_updates", "max_deletions"]]
    reason: str | None
    yes: bool

    workers: int | None
    in_flight: int | None
    max_retries: int | None
    rate: float | None
    max_failures: str | None
    rehearse_latency: float | None
    max_calls: int | None
    max_runtime: float | str | None

    report: File | None
    html: File | None
    metrics: File | None
    summary: File | None
    events: File | None
