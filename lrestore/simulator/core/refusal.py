"""Looker's refusals, with the bodies of the specification (``Error`` and ``ValidationError``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lrestore.json_types import JsonObject

DOCS = "https://docs.cloud.google.com/looker/docs/r/err/4.0"


class FieldRefusal(NamedTuple):
    """One entry of ``ValidationError.errors``."""

    field: str
    code: str
    message: str


class RefusedError(Exception):
    """The call is answered with an error: status and decoded body."""

    def __init__(self, status: int, message: str, problems: Sequence[FieldRefusal] = (), retry_after: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.problems = tuple(problems)
        self.retry_after = retry_after

    def body(self, method: str = "", path: str = "") -> JsonObject:
        """The JSON body; method and path template go into the documentation link, as Looker's do."""
        link = f"{DOCS}/{self.status}/{method.lower()}{path}" if method else f"{DOCS}/{self.status}"
        if self.status != 422:
            return {"message": self.message, "documentation_url": link}
        errors = [{**problem._asdict(), "documentation_url": link} for problem in self.problems]
        return {"message": self.message, "errors": errors, "documentation_url": link}


def not_found(what: str = "Not found") -> RefusedError:
    """404: it does not exist or is invisible to the caller; Looker does not distinguish the two."""
    return RefusedError(404, what)


def bad_request(message: str) -> RefusedError:
    """400: the request cannot be read."""
    return RefusedError(400, message)


def unauthorized() -> RefusedError:
    """401: no token, an unknown or an expired one."""
    return RefusedError(401, "Requires authentication.")


def forbidden(message: str = "Forbidden") -> RefusedError:
    """403: not for this caller, or not for this object."""
    return RefusedError(403, message)


def not_allowed(message: str = "Method Not Allowed") -> RefusedError:
    """405: a built-in object."""
    return RefusedError(405, message)


def conflict(message: str) -> RefusedError:
    """409: exists already."""
    return RefusedError(409, message)


def invalid(*problems: FieldRefusal) -> RefusedError:
    """422 with each problem listed."""
    return RefusedError(422, "Validation Failed", problems)


def too_many(retry_after: str) -> RefusedError:
    """429; ``retry_after`` is the header's text, empty for an answer without the header."""
    return RefusedError(429, "API Rate Limit Exceeded", retry_after=retry_after)


def not_simulated(what: str) -> RefusedError:
    """501: Looker has it, the simulator does not."""
    return RefusedError(501, f"The simulator does not implement {what}")
