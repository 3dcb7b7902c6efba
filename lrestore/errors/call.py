"""Errors of calls to Looker: an answer that says no, or no usable answer."""

from __future__ import annotations

from typing import ClassVar, Self, Unpack

from lrestore.errors.item import ItemError, ItemFacts
from lrestore.messages import FieldError


class CallFacts(ItemFacts, total=False):
    """The attributes that :meth:`LookerError.with_context` can add."""

    status: int | None
    body: str
    retry_after_s: float | None
    retries: int
    request_body: str
    said_by_looker: bool


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
    def is_clash(self) -> bool:
        """Whether Looker refused a second object of the same name, title or slug."""
        return self.status == 409 or any(one.code == "already_exists" for one in self.errors)

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
