"""Every exception of lrestore, in one tree.

Three families, told apart by what happens next:

* :class:`RunError` ends the run, with the exit code of its class (2 usage, 3 not started, 4 stopped early);
* :class:`ItemError` ends one item, which becomes a dead letter, and the run goes on;
* :class:`LookerError` is an :class:`ItemError` born from an answer (or from the lack of one) of Looker's API; it
  knows whether repeating the call can help (``transient``) and whether the call may have taken effect although no
  answer came (``outcome_unknown``).

Messages name the file, key or item and say what to do; ``hint`` is the remedy when it is a sentence of its own.
Nothing decides by searching in a message: status, field errors and paths are attributes.
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
    """Base of all. ``str(error)`` is one line for people, the hint included."""

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
    """Ends the run; ``exit_code`` is the process's."""

    exit_code: ClassVar[int] = 3


class UsageError(RunError):
    """The command line asks for something impossible or unfinished. Nothing was called."""

    exit_code = 2


class SettingsError(UsageError):
    """A setting is unknown, of the wrong type, impossible or missing; the message names key and file."""


class VaultError(RunError):
    """The backup cannot be read as a LookerVault file."""


class StateError(RunError):
    """The state file is newer than this lrestore, damaged, or not writable."""


class StateLostError(StateError):
    """The state file, or what belongs to it, was removed, replaced or made read-only while a run was using it."""

    exit_code = 4


class LockHeldError(StateError):
    """Another run holds the lock of this state file."""


class DestinationError(RunError):
    """The destination cannot be reached, refuses the credentials, or does not speak API 4.0."""


class WrongInstanceError(RunError):
    """The backup's objects are not the destination's, although their ids are: nothing was written."""


class NotConfirmedError(RunError):
    """The question on the terminal was not answered with yes. Nothing was written."""


class StoppedError(RunError):
    """The run ends before its work is done, and ``--resume`` goes on with it."""

    exit_code = 4


class ItemError(LrestoreError):
    """One item cannot be restored: it becomes a dead letter of type ``error_type``.

    ``key`` is added by the caller that knows the item; ``path`` is the place in the item's content, such as
    ``dashboard_elements[3].look_id``. ``missing`` is set when the destination has no such object, so that what needs it
    cannot be restored either.

    An error is a value: a caller that knows more raises ``error.with_context(...) from error.__cause__``.
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
        """The word that dead letters and reports use for this kind of failure."""
        return type(self).__name__

    def with_context(self, **facts: Unpack[ItemFacts]) -> Self:
        """A copy of this error that knows more; this one stays as it is. The traceback goes with the copy."""
        return self._with(facts)


class CorruptItemError(ItemError):
    """The backup's row for this item cannot be decoded, or lacks what every object of its type has."""

    remedy = "restore these items from another backup; a retry with this one fails in the same way"


class OversizedItemError(ItemError):
    """The item's blob is larger than ``[run] max_item_bytes``: left to a person."""

    remedy = "raise [run] max_item_bytes, then select the items in a new run"


class MissingItemError(ItemError):
    """The item was asked for by id and the backup does not hold it."""

    remedy = "check the ids, or use a backup that holds them; --show source --format csv lists what this one holds"


class DependencyError(ItemError):
    """A hard reference has no target: it is neither in the destination nor restored by this run."""

    remedy = "restore or create what the message names, then retry"


class IncompleteError(ItemError):
    """The item is restored without some of what it refers to; ``errors`` name each missing reference.

    ``restored`` is the result so far; ``--retry-dead-letters`` completes the item when the references are there.
    """

    remedy = "the rest of each item is restored; restore or create what is missing, then retry"

    restored: ItemResult | None = None

    def with_context(self, **facts: Unpack[IncompleteFacts]) -> Self:
        """As :meth:`ItemError.with_context`."""
        return self._with(facts)


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
    """Looker's API offers no way to do what the backup asks (a look without its query, a new embed group ...)."""

    remedy = "Looker's API cannot do this: make the change in Looker by hand as the message says"


class InvalidContentError(ItemError):
    """The content fails the check against Looker's schema that is made before anything is sent."""

    remedy = "the backup's content is not valid: use another backup, or create the object by hand"


class InternalError(ItemError):
    """A defect of lrestore itself at one item; the dead letter has the stack trace."""

    remedy = "report this as a defect; --show dead-letters --format json has the stack trace"


_SERVER_ERROR = 500
_GATEWAY_STOPPED_WAITING = frozenset({502, 504})


class LookerError(ItemError):
    """A call to Looker failed.

    ``status`` is None where no HTTP answer came. ``body`` is Looker's own text, shortened, with no secret in it.
    ``retry_after_s`` is what the server asked for; ``retries`` how often the call had been repeated; ``request_body``
    what was sent, as JSON text, for writes. ``said_by_looker``: the answer has the form of Looker's
    own errors, so that the call has ended.
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
        """Whether Looker may still be at work on the call: it was not Looker that ended it, as far as one can see. 502
        and 504 are what gateways say that have stopped waiting, in whatever words.
        """
        if not self.outcome_unknown:
            return False
        if self.status is None or self.status in _GATEWAY_STOPPED_WAITING:
            return True
        return self.status >= _SERVER_ERROR and not self.said_by_looker


class BadRequestError(LookerError):
    """400, or a 4xx without a class of its own: final."""

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
    """429: nothing was done; the call may be repeated later."""

    remedy = "retry later, or with a lower --rate"
    transient = True


class RequestTimeoutError(LookerError):
    """408: the server gave up on reading the request."""

    remedy = "retry; if it happens again, lower [run] in_flight"
    transient = True


class ServerError(LookerError):
    """5xx: a POST may or may not have taken effect."""

    remedy = "Looker failed: look into its log, then retry"
    transient = True
    outcome_unknown = True


class BadAnswerError(LookerError):
    """An answer that is not Looker's: HTML of a proxy, JSON cut short, a body of the wrong shape."""

    remedy = "check what answers between this host and Looker (proxy, load balancer), then retry"
    transient = True
    outcome_unknown = True


class ConnectError(LookerError):
    """No connection could be made: the request was not sent."""

    remedy = "check that Looker can be reached, then retry"
    transient = True


class ConnectionLostError(LookerError):
    """The connection broke after the request went out."""

    remedy = "check the network between this host and Looker, then retry"
    transient = True
    outcome_unknown = True


class AnswerTimeoutError(LookerError):
    """No answer within ``timeout_s``."""

    remedy = "raise [destination] timeout_s, then retry"
    transient = True
    outcome_unknown = True


def remedy_of(error_type: str) -> str:
    """What to do about dead letters of that type; the general advice for a type that this version does not know."""
    return _classes(ItemError).get(error_type, ItemError).remedy


def _classes(base: type[ItemError]) -> dict[str, type[ItemError]]:
    found = {base.__name__: base}
    for one in base.__subclasses__():
        found |= _classes(one)
    return found
