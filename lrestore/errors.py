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

import copy
from typing import ClassVar, Self, TypedDict, Unpack

from lrestore.messages import FieldError, ItemKey, ItemResult


class ItemFacts(TypedDict, total=False):
    """The attributes that :meth:`ItemError.with_context` can add."""

    message: str
    hint: str | None
    key: ItemKey
    path: str | None
    errors: tuple[FieldError, ...]
    missing: bool


class CallFacts(ItemFacts, total=False):
    """The attributes that :meth:`LookerError.with_context` can add."""

    status: int | None
    body: str
    retry_after_s: float | None
    retries: int
    request_body: str
    said_by_looker: bool


class IncompleteFacts(ItemFacts, total=False):
    """The attributes that :meth:`IncompleteError.with_context` can add."""

    restored: ItemResult


class LrestoreError(Exception):
    """Base class of all errors. ``str(error)`` is one line, including the hint."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message

    def _with(self, facts: ItemFacts) -> Self:
        """A copy with other attributes, the same cause and the same traceback."""
        changed = copy.copy(self)
        vars(changed).update(facts)
        changed.args = (changed.message,)
        changed.__cause__, changed.__traceback__ = self.__cause__, self.__traceback__
        return changed


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
    """Another run holds the lock of this state file."""


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


class ItemError(LrestoreError):
    """One item cannot be restored: it becomes a dead letter of type ``error_type``.

    ``key`` is added by the caller that knows the item; ``path`` is the place in the item's content, such as
    ``dashboard_elements[3].look_id``. ``missing``: the destination has no such object, so items that need it cannot be
    restored either.

    An error is not modified: a caller with more facts raises ``error.with_context(...) from error.__cause__``.
    ``remedy`` is what to do about dead letters of this type.
    """

    remedy: ClassVar[str] = "remove the cause that the message names, then retry"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        key: ItemKey | None = None,
        path: str | None = None,
        errors: tuple[FieldError, ...] = (),
    ) -> None:
        super().__init__(message, hint=hint)
        self.key = key
        self.path = path
        self.errors = errors
        self.missing = False

    @property
    def error_type(self) -> str:
        """The name of this kind of failure in dead letters and reports."""
        return type(self).__name__

    def with_context(self, **facts: Unpack[ItemFacts]) -> Self:
        """A copy of this error with more facts, and with its traceback. This error is not changed."""
        return self._with(facts)


class CorruptItemError(ItemError):
    """The backup's row of this item cannot be decoded, or lacks a field that every object of its type has."""

    remedy = "restore these items from another backup; a retry with this one fails in the same way"


class OversizedItemError(ItemError):
    """The item's content is larger than ``[run] max_item_bytes``."""

    remedy = "raise [run] max_item_bytes, then select the items in a new run"


class MissingItemError(ItemError):
    """The item was selected by id, and the backup does not hold it."""

    remedy = "check the ids, or use a backup that holds them; --show source --format csv lists what this one holds"


class DependencyError(ItemError):
    """A hard reference has no target: the object is neither in the destination nor restored by this run."""

    remedy = "restore or create what the message names, then retry"


class IncompleteError(ItemError):
    """The item is restored without some of its references; ``errors`` name each missing one.

    ``restored`` is the result so far; ``--retry-dead-letters`` completes the item once the references exist.
    """

    remedy = "the rest of each item is restored; restore or create what is missing, then retry"

    restored: ItemResult | None = None

    def with_context(self, **facts: Unpack[IncompleteFacts]) -> Self:
        """As :meth:`ItemError.with_context`."""
        return self._with(facts)


class ChangedSincePlanError(ItemError):
    """The live object, or what would be written to it, is no longer what the saved plan holds; ``errors`` name what."""

    remedy = "make a new plan with --plan-out, read it, and apply that one"


class AmbiguousMatchError(ItemError):
    """More than one live object could be the backed-up one; the message lists them."""

    remedy = "delete or rename the duplicates in Looker so that one object is left, then retry"


class MissingInDestinationError(ItemError):
    """The object is not in the destination and ``--if-missing fail`` was given."""

    remedy = "to create the objects, run again without --if-missing fail"


class InvisibleOrMissingError(ItemError):
    """404 to a caller that is not an admin: the object may be absent or hidden, so nothing is created."""

    remedy = "use an admin's credentials, or set [run] trust_404 = true, then run again"


class NotRestorableError(ItemError):
    """Looker's API cannot restore this (a look without its query, a new embed group ...)."""

    remedy = "do what the message says, then retry; where it names no way, make the change in Looker by hand"


class InvalidContentError(ItemError):
    """The content fails the check against Looker's schema, which is made before the first write."""

    remedy = "the backup's content is not valid: use another backup, or create the object by hand"


class InternalError(ItemError):
    """A defect of lrestore itself while it processed one item; the dead letter has the stack trace."""

    remedy = "report this as a defect; --show dead-letters --format json has the stack trace"


_SERVER_ERROR = 500
_GATEWAY_STOPPED_WAITING = frozenset({502, 504})


class LookerError(ItemError):
    """A call to Looker failed.

    ``status`` is None if no HTTP answer arrived. ``body`` is Looker's own text, shortened and without secrets.
    ``retry_after_s`` is the pause that the server requested; ``retries`` how often the call was repeated;
    ``request_body`` the sent body of a write, as JSON text. ``said_by_looker``: the answer has the form of Looker's own
    errors, so the call has ended.
    """

    transient: ClassVar[bool] = False
    outcome_unknown: ClassVar[bool] = False

    def __init__(  # noqa: PLR0913 (all keywords: an error is as wide as what is known of the failure)
        self,
        message: str,
        *,
        operation: str = "",
        method: str = "",
        path: str = "",
        status: int | None = None,
        errors: tuple[FieldError, ...] = (),
        body: str = "",
        retry_after_s: float | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, errors=errors)
        self.operation = operation
        self.method = method
        self.request_path = path
        self.status = status
        self.body = body
        self.retry_after_s = retry_after_s
        self.retries = 0
        self.request_body = ""
        self.said_by_looker = False

    def with_context(self, **facts: Unpack[CallFacts]) -> Self:
        """As :meth:`ItemError.with_context`."""
        return self._with(facts)

    @property
    def may_take_effect_later(self) -> bool:
        """Whether Looker may still be working on the call, because the answer is not Looker's own. Gateways that stop
        waiting answer 502 or 504, with any text.
        """
        if not self.outcome_unknown:
            return False
        if self.status is None or self.status in _GATEWAY_STOPPED_WAITING:
            return True
        return self.status >= _SERVER_ERROR and not self.said_by_looker


class BadRequestError(LookerError):
    """400, or a 4xx without a class of its own; repeating does not help."""

    remedy = "read Looker's message: the same call fails again unless something changes in Looker"


class UnauthorizedError(LookerError):
    """401: the token is not (or no longer) valid."""

    remedy = "check the API key, then retry"


class ForbiddenError(LookerError):
    """403: the caller may not do this."""

    remedy = "give the API user the permission, or use an admin's credentials, then retry"


class NotFoundError(LookerError):
    """404: absent, or hidden from this caller. Content operations never answer 403 (specification)."""

    remedy = "check that the object still exists and that the API user can see it, then retry"


class NotAllowedError(LookerError):
    """405: a built-in or read-only object."""

    remedy = "Looker protects this object from changes; exclude it with --exclude"


class ConflictError(LookerError):
    """409: it exists already."""

    remedy = "rename or delete the object in Looker that has the same name, then retry"


class ValidationError(LookerError):
    """422: Looker refuses the content; ``errors`` says which fields and why."""

    remedy = "correct in Looker what the field errors name, then retry"


class RateLimitedError(LookerError):
    """429: the call had no effect and may be repeated later."""

    remedy = "retry later, or with a lower --rate"
    transient = True


class RequestTimeoutError(LookerError):
    """408: the server stopped reading the request."""

    remedy = "retry; if it happens again, lower [run] in_flight"
    transient = True


class ServerError(LookerError):
    """5xx: a POST may or may not have taken effect."""

    remedy = "Looker failed: look into its log, then retry"
    transient = True
    outcome_unknown = True


class BadAnswerError(LookerError):
    """An answer that is not from Looker or not valid: HTML of a proxy, truncated JSON, a body of the wrong shape."""

    remedy = "check what answers between this host and Looker (proxy, load balancer), then retry"
    transient = True
    outcome_unknown = True


class ConnectError(LookerError):
    """No connection could be made: the request was not sent."""

    remedy = "check that Looker can be reached, then retry"
    transient = True


class ConnectionLostError(LookerError):
    """The connection broke after the request was sent."""

    remedy = "check the network between this host and Looker, then retry"
    transient = True
    outcome_unknown = True


class AnswerTimeoutError(LookerError):
    """No answer within ``timeout_s``."""

    remedy = "raise [destination] timeout_s, then retry"
    transient = True
    outcome_unknown = True


def remedy_of(error_type: str) -> str:
    """The remedy for dead letters of that type; a general one for a type that this version does not know."""
    return _classes(ItemError).get(error_type, ItemError).remedy


def _classes(base: type[ItemError]) -> dict[str, type[ItemError]]:
    found = {base.__name__: base}
    for one in base.__subclasses__():
        found |= _classes(one)
    return found
