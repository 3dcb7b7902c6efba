"""Errors that end one item, which becomes a dead letter; the run goes on."""

from __future__ import annotations

import copy
from typing import ClassVar, Self, TypedDict, Unpack

from lrestore.errors.run import LrestoreError
from lrestore.messages import FieldError, ItemKey, ItemResult


class ItemFacts(TypedDict, total=False):
    """The attributes that :meth:`ItemError.with_context` can add."""

    message: str
    hint: str | None
    key: ItemKey
    path: str | None
    errors: tuple[FieldError, ...]
    missing: bool


class IncompleteFacts(ItemFacts, total=False):
    """The attributes that :meth:`IncompleteError.with_context` can add."""

    restored: ItemResult


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

    def _with(self, facts: ItemFacts) -> Self:
        """A copy with other attributes, the same cause and the same traceback."""
        changed = copy.copy(self)
        vars(changed).update(facts)
        changed.args = (changed.message,)
        changed.__cause__, changed.__traceback__ = self.__cause__, self.__traceback__
        return changed


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


def remedy_of(error_type: str) -> str:
    """The remedy for dead letters of that type; a general one for a type that this version does not know."""
    return _classes(ItemError).get(error_type, ItemError).remedy


def _classes(base: type[ItemError]) -> dict[str, type[ItemError]]:
    found = {base.__name__: base}
    for one in base.__subclasses__():
        found |= _classes(one)
    return found
