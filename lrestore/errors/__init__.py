"""Every exception of lrestore, in one tree.

Three families, which differ in what happens next:

* :class:`RunError` ends the run, with the exit code of its class (2 usage, 3 not started, 4 stopped early);
* :class:`ItemError` ends one item, which becomes a dead letter, and the run goes on;
* :class:`LookerError` is an :class:`ItemError` caused by an answer of Looker's API, or by a missing answer. It tells
  whether repeating the call can help (``transient``) and whether the call may have taken effect although no answer
  arrived (``outcome_unknown``).

Messages name the file, key or item and the remedy; ``hint`` is the remedy if it is a sentence of its own. No code
searches in messages: status, field errors and paths are attributes.
"""

from __future__ import annotations

from lrestore.errors.call import (
    AnswerTimeoutError,
    BadAnswerError,
    BadRequestError,
    CallFacts,
    ConflictError,
    ConnectError,
    ConnectionLostError,
    ForbiddenError,
    LookerError,
    NotAllowedError,
    NotFoundError,
    RateLimitedError,
    RequestTimeoutError,
    ServerError,
    UnauthorizedError,
    ValidationError,
)
from lrestore.errors.item import (
    AmbiguousMatchError,
    ChangedSincePlanError,
    CorruptItemError,
    DependencyError,
    IncompleteError,
    IncompleteFacts,
    InternalError,
    InvalidContentError,
    InvisibleOrMissingError,
    ItemError,
    ItemFacts,
    MissingInDestinationError,
    MissingItemError,
    NotRestorableError,
    OversizedItemError,
    remedy_of,
)
from lrestore.errors.run import (
    CallsSpentError,
    DestinationError,
    GuardError,
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

__all__ = [
    "AmbiguousMatchError",
    "AnswerTimeoutError",
    "BadAnswerError",
    "BadRequestError",
    "CallFacts",
    "CallsSpentError",
    "ChangedSincePlanError",
    "ConflictError",
    "ConnectError",
    "ConnectionLostError",
    "CorruptItemError",
    "DependencyError",
    "DestinationError",
    "ForbiddenError",
    "GuardError",
    "IncompleteError",
    "IncompleteFacts",
    "InternalError",
    "InvalidContentError",
    "InvisibleOrMissingError",
    "ItemError",
    "ItemFacts",
    "LockHeldError",
    "LookerError",
    "LrestoreError",
    "MissingInDestinationError",
    "MissingItemError",
    "NotAllowedError",
    "NotConfirmedError",
    "NotFoundError",
    "NotRestorableError",
    "OutageError",
    "OversizedItemError",
    "RateLimitedError",
    "ReadOnlyError",
    "RequestTimeoutError",
    "RunError",
    "ServerError",
    "SettingsError",
    "StateError",
    "StateLostError",
    "StoppedError",
    "UnauthorizedError",
    "UsageError",
    "ValidationError",
    "VaultError",
    "WrongInstanceError",
    "remedy_of",
]
