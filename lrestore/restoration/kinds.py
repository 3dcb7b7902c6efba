"""Which types need more than their own fields brought back, and by whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lrestore.restoration.belongings import Factory
from lrestore.restoration.dashboard_belongings import DashboardBelongings
from lrestore.restoration.own import Adjust


@dataclass(frozen=True, slots=True)
class Kind:
    """What is particular to a type. ``adjust`` has the last word on what an object's own fields must hold."""

    belongings: Factory | None = None
    adjust: Adjust | None = None


PLAIN = Kind()

KINDS: Mapping[str, Kind] = {
    "dashboard": Kind(DashboardBelongings),
}

SUPPORTED = frozenset({"dashboard", "look", "folder", "group", "permission_set", "model_set", "role", "lookml_model"})
"""Types that can be restored."""


def kind_of(type_name: str) -> Kind:
    """What is particular to the type, if anything is."""
    return KINDS.get(type_name, PLAIN)
