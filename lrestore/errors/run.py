"""The base class of all errors, and those that end the run."""

from __future__ import annotations

from typing import ClassVar


class LrestoreError(Exception):
    """Base class of all errors. ``str(error)`` is one line, including the hint."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class RunError(LrestoreError):
    """Ends the run with the exit code ``exit_code``."""

    exit_code: ClassVar[int] = 3


class UsageError(RunError):
    """The command line is wrong or asks for a missing feature. No call was made."""

    exit_code = 2


class SettingsError(UsageError):
    """A setting is unknown, of the wrong type, impossible or missing; the message names key and file."""


class VaultError(RunError):
    """The backup cannot be read as a LookerVault file."""


class StateError(RunError):
    """The state file is newer than this lrestore, damaged, or not writable."""


class StateLostError(StateError):
    """The state file, or a file that belongs to it, was removed, replaced or made read-only during a run."""

    exit_code = 4


class LockHeldError(StateError):
    """Another run holds the lock of this state file, or writes to this destination from the same machine."""


class DestinationError(RunError):
    """The destination cannot be reached, refuses the credentials, or does not speak API 4.0."""


class WrongInstanceError(RunError):
    """The ids of the backup belong to other objects in the destination: nothing was written."""


class GuardError(RunError):
    """A limit of the settings forbids the run: the backup's age, or how much a plan changes or deletes."""


class ReadOnlyError(RunError):
    """A call that writes was about to be sent in a mode that only reads. It was not sent."""


class NotConfirmedError(RunError):
    """The question on the terminal was not answered with yes. Nothing was written."""


class StoppedError(RunError):
    """The run ends before its work is done; ``--resume`` continues it."""

    exit_code = 4


class CallsSpentError(StoppedError):
    """All calls that ``--max-calls`` allows have been made."""


class OutageError(StoppedError):
    """The destination has not answered for ``give_up_after_s``."""
