"""Faults on demand: which calls fail, and how. ``http.app`` applies them to a connection."""

from __future__ import annotations

import random

import msgspec

from lrestore.simulator.core.refusal import FieldRefusal, RefusedError

LIST_FAULTS = frozenset({"first", "ignore", "no_lists", "no_trash", "lag"})
"""Answers that look right and do not hold all that was asked for: see ``list_faults``."""
ACTIONS = frozenset(
    {
        *("status", "reset_before", "reset_after", "hang", "truncate", "cut", "html", "body"),
        *("expire_tokens", "refuse", "delay", "late", "hold"),
        *LIST_FAULTS,
    }
)
_WITH_TEXT = frozenset({"body", "ignore"})
"""Faults that have something else than a number after the colon."""


class FaultMatch(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The calls that a fault affects; an unset field matches all.

    ``path`` is a path (``/dashboards/42``), a template (``/dashboards/{dashboard_id}``) or, ending in ``*``, a
    prefix. ``nth`` counts matching calls from 1; ``after`` lets so many pass first; ``times`` is how often it fires
    (0: for ever); ``rate`` is the share of calls for which it fires, drawn from the seed.
    """

    method: str = ""
    path: str = ""
    operation: str = ""
    nth: int = 0
    after: int = 0
    times: int = 0
    rate: float = 1.0


class Fault(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A rule: ``{"match": {...}, "fault": "status:503"}``.

    ``fault`` is one of: ``status:N`` (an error in Looker's form), ``html`` or ``html:N`` (a proxy's page),
    ``body:TEXT`` (that text with ``status``, in place of the answer), ``truncate`` (JSON cut short in a complete
    answer), ``cut`` (connection closed inside the body), ``reset_before``, ``reset_after`` (TCP reset before or after
    the call took effect), ``hang`` or ``hang:SECONDS`` (the answer waits, for ever if no seconds are given),
    ``delay:SECONDS``, ``late:SECONDS`` (TCP reset at once; the call takes effect after so long), ``expire_tokens``
    (all tokens become invalid), ``refuse:SECONDS`` (the server does not listen for so long), ``hold`` (the call waits
    until the rule is removed, and is then handled as if it had just arrived); of an array ``first:N``
    (only the first rows), ``ignore:PARAMETER`` (as if it had not been sent), ``no_lists`` (a parameter that is a list
    matches nothing), ``no_trash`` (objects in the trash are not shown), ``lag:SECONDS`` (what was created within so
    long is not shown).
    ``handled``: the call takes effect before ``status``, ``html``, ``body`` or ``hang`` replace its answer.
    """

    fault: str
    match: FaultMatch = FaultMatch()
    retry_after: float | None = None
    handled: bool = False
    status: int = 200
    matched: int = 0
    fired: int = 0

    @property
    def action(self) -> str:
        """The text before the colon."""
        return self.fault.partition(":")[0]

    @property
    def number(self) -> float | None:
        """The number after the colon, if there is one."""
        return float(self.text) if self.text and self.action not in _WITH_TEXT else None

    @property
    def text(self) -> str:
        """The text after the colon."""
        return self.fault.partition(":")[2]

    @property
    def takes_effect(self) -> bool:
        """Whether the call takes effect although its answer is replaced."""
        return self.handled or self.action in (
            *("reset_after", "truncate", "cut", "delay", "late", "hold"),
            *LIST_FAULTS,
        )

    def problem(self) -> str:
        """Why the rule is invalid; empty if it is valid."""
        if self.action not in ACTIONS:
            return f"unknown fault {self.fault!r}: use one of {', '.join(sorted(ACTIONS))}"
        if self.action in ("body", "ignore"):
            return (
                "" if self.text or self.action == "body" else f"{self.fault!r} needs a parameter, such as ignore:offset"
            )
        if not self.text.replace(".", "", 1).isdecimal() and ":" in self.fault:
            return f"{self.fault!r}: the text after the colon must be a number"
        if self.action in ("status", "delay", "late", "refuse", "first", "lag") and self.number is None:
            return f"{self.fault!r} needs a number, such as status:503"
        return ""


class Faults:
    """The active rules, in order; the first that fires decides."""

    def __init__(self, seed: int) -> None:
        self.rules: list[Fault] = []
        self._random = random.Random(seed)  # noqa: S311 (repeatable, not a secret)

    def add(self, rules: list[Fault]) -> None:
        """Activate rules. ValueError for an invalid one."""
        for rule in rules:
            if problem := rule.problem():
                raise ValueError(problem)
        self.rules += rules

    def clear(self, seed: int | None = None) -> None:
        """Remove all faults; with a seed, restart the random numbers."""
        self.rules.clear()
        if seed is not None:
            self._random.seed(seed)

    def holds(self, rule: Fault) -> bool:
        """Whether the rule is active. May be called while another thread removes rules."""
        return any(one is rule for one in list(self.rules))

    def strike(self, method: str, path: str, template: str, operation: str) -> Fault | None:
        """The fault for this call, if any. Paths are without ``/api/4.0``."""
        struck = None
        for rule in self.rules:
            if self._fits(rule.match, method, path, template, operation):
                rule.matched += 1
                if struck is None and self._falls_due(rule):
                    rule.fired += 1
                    struck = rule
        return struck

    def _fits(self, match: FaultMatch, method: str, path: str, template: str, operation: str) -> bool:
        if match.method and match.method.upper() != method:
            return False
        if match.operation and match.operation != operation:
            return False
        if match.path.endswith("*"):
            return path.startswith(match.path[:-1])
        return not match.path or match.path in (path, template)

    def _falls_due(self, rule: Fault) -> bool:
        match = rule.match
        if match.nth and rule.matched != match.nth:
            return False
        if rule.matched <= match.after or (match.times and rule.fired >= match.times):
            return False
        return match.rate >= 1.0 or self._random.random() < match.rate


def refusal_of(fault: Fault) -> RefusedError:
    """The error that a ``status:N`` fault answers with."""
    status = int(fault.number or 500)
    header = "" if fault.retry_after is None else f"{fault.retry_after:g}"
    problems = (FieldRefusal("base", "invalid", "Refused by a fault of the simulator"),) if status == 422 else ()
    return RefusedError(status, _MESSAGES.get(status, "An error has occurred."), problems, retry_after=header)


_MESSAGES = {
    429: "API Rate Limit Exceeded",
    401: "Requires authentication.",
    404: "Not found",
    503: "Service Unavailable",
}

PROXY_PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
