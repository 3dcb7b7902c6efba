"""The user's decisions about a restore."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Policy:
    """The user's decisions; names as in settings and flags."""

    if_missing: str = "create"
    if_different: str = "update"
    if_trashed: str = "restore"
    keep_extra: bool = False
    skip_if_modified: bool = False
    allow_alert_loss: bool = False
    disable_schedules: bool = False
    trust_404: bool = False
    fallback_owner: str = ""
    fallback_folder: str = ""
    missing_looks: str = "restore"
    new_folder_access: str = "inherit"
    max_retries: int = 5
    settle_s: float = 120.0
    compares: bool = False
    """Compare only: creates are not planned, and a missing reference is a difference."""
    literal: bool = False
    """Restore exactly the values of a copy: nulls are nulls, absent fields stay, the trash is a state like others."""

    def leaving_nothing_alone(self) -> Policy:
        """The policy under which every object is compared, whatever a restore would do with it."""
        return replace(self, if_different="update", if_trashed="restore", skip_if_modified=False)

    def comparing(self) -> Policy:
        """The policy of ``--verify``."""
        return replace(self.leaving_nothing_alone(), compares=True)
