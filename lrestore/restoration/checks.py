"""Checks that are made before the first write of an item, so that an item fails whole or not at all."""

from __future__ import annotations

from typing import Any

from lrestore.errors import DependencyError
from lrestore.messages import FieldError, ItemKey
from lrestore.references import ExploreUse, explore_uses
from lrestore.restoration.context import Context


def check_explores(context: Context, key: ItemKey, raw: dict[str, Any]) -> None:
    """Every model and explore that the item needs is there.

    Raises DependencyError naming each that is not, with its path.
    """
    absent = [use for use in explore_uses(raw) if not context.live.explore_exists(use.model, use.explore)]
    if not absent:
        return
    errors = tuple(FieldError(use.path, "missing", f"{_name(use)} is not in the destination") for use in absent)
    named = ", ".join(dict.fromkeys(_name(use) for use in absent))
    raise DependencyError(
        f"{key} needs {named} ({', '.join(error.field for error in errors)}), which is not in the destination",
        path=absent[0].path,
        key=key,
        errors=errors,
        hint="deploy the LookML first",
    )


def _name(use: ExploreUse) -> str:
    return f"explore={use.model}::{use.explore}" if use.explore else f"lookml_model={use.model}"
