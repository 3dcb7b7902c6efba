"""Deleted parts and removed memberships of a plan, counted by kind."""

from __future__ import annotations

from collections import Counter

from lrestore.run.saved_plan.model import PlannedItem, PlannedWrite

_KINDS = {
    "dashboard_element": "tile",
    "dashboard_filter": "filter",
    "dashboard_layout": "layout",
    "board_section": "board section",
    "board_item": "board item",
    "scheduled_plan": "scheduled plan",
    "permission_set": "permission set",
    "model_set": "model set",
}
_TAKES_AWAY = {"delete_group_user": "group membership", "delete_group_from_group": "group in a group"}
_LISTS = {"set_user_roles": "role of a user", "set_role_groups": "role of a group"}


def removed_by_kind(item: PlannedItem) -> Counter[str]:
    """Deleted parts and removed memberships of one object, by the name that the screen gives them."""
    removed = Counter(_KINDS.get(gone.type, gone.type) for gone in item.deletions)
    for write in item.writes:
        if write.operation in _TAKES_AWAY:
            removed[_TAKES_AWAY[write.operation]] += 1
        elif write.operation in _LISTS:
            removed[_LISTS[write.operation]] += len(taken_out(write))
    return +removed


def taken_out(write: PlannedWrite) -> set[str]:
    """The entries that a write takes out of a list which it sets as a whole."""
    return {one for change in write.changes for one in set(_ids(change.old)) - set(_ids(change.new))}


def _ids(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else []
