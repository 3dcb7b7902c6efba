"""The fields that an older release lacks, or that it does not accept in a body."""

from __future__ import annotations

from functools import cache

from lrestore.ontology.releases import INTRODUCED, WRITABLE_SINCE, at_least

_SAME = {"Look": "LookWithQuery", "LookWithDashboards": "LookWithQuery", "CreateDashboardFilter": "DashboardFilter"}


@cache
def unborn(release: str) -> frozenset[str]:
    """``Schema.field`` of all fields of later releases; nothing for an empty release."""
    return frozenset(name for name, since in INTRODUCED.items() if release and not at_least(release, since))


@cache
def frozen(release: str) -> frozenset[str]:
    """``Schema.field`` of the fields that the release shows but does not accept in a body."""
    return frozenset(name for name, since in WRITABLE_SINCE.items() if release and not at_least(release, since))


def full_name(schema_name: str, field: str) -> str:
    """The name of a field in the tables."""
    return f"{_SAME.get(schema_name, schema_name)}.{field}"
