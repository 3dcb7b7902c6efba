"""Deleted parts and removed memberships of a plan, counted by kind."""

from __future__ import annotations

from collections import Counter

from lrestore.run.saved_plan.model import PlannedItem

_KINDS = {
    "dashboard_element": "tile",
    "dashboard_filter": "filter",
    "dashboard_layout": "layout",
    "board_section": "board section",
    "board_item": "board item",
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
            lost = (set(_ids(change.old)) - set(_ids(change.new)) for change in write.changes)
            removed[_LISTS[write.operation]] += sum(map(len, lost))
    return +removed


def _ids(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else []
