"""Which fields an instance of an older release doesn't have yet, or doesn't let anyone write yet."""

from __future__ import annotations

from functools import cache

from lrestore.ontology.releases import INTRODUCED, WRITABLE_SINCE, at_least

_SAME = {"Look": "LookWithQuery", "LookWithDashboards": "LookWithQuery", "CreateDashboardFilter": "DashboardFilter"}


@cache
def unborn(release: str) -> frozenset[str]:
    """``Schema.field`` of everything that came after that release; nothing for an empty release."""
    return frozenset(name for name, since in INTRODUCED.items() if release and not at_least(release, since))


@cache
def frozen(release: str) -> frozenset[str]:
    """``Schema.field`` of what that release shows but doesn't take in a body."""
    return frozenset(name for name, since in WRITABLE_SINCE.items() if release and not at_least(release, since))


def full_name(schema_name: str, field: str) -> str:
    """The name under which the tables know a field."""
    return f"{_SAME.get(schema_name, schema_name)}.{field}"
