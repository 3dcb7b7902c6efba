"""Restoring one item: what is to be done, and doing it.

Promise: an object is written only if it is surely the backed-up one, only where it differs, and only when everything
that it needs is there; nothing is created twice, and nothing is deleted while something of the item failed.

1. ``match`` finds the live object, ``own`` and ``dashboard`` (with ``tile_planner``, ``parts``) plan what differs.
2. ``checks``, ``alerts`` and ``resolve`` say what stands against it.
3. ``create`` makes things exactly once; ``apply`` and ``dashboard_apply`` carry the plan out.
4. ``item`` puts it together; ``context`` is all that it needs from its surroundings.

Not guaranteed: that an item which failed half way is as before. What was written is on record, and running it again
goes on.
"""
