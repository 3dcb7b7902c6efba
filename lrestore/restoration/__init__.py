"""Plans and restores one item.

Promise: an object is written only if it is provably the backed-up one, only where it differs, and only if everything
that it needs exists. Nothing is created twice, and nothing is deleted if a write of the item failed.

1. ``identify`` finds the live object and translates references.
2. ``plan`` and the packages of the types plan the differences and check their preconditions.
3. ``apply`` carries the plan out and creates each object exactly once.
4. ``item_plan`` and ``item`` combine these steps; ``context`` has all that they need from outside: ``destination``,
   ``backup``, ``journal``, ``policy``.

Not guaranteed: that an item which failed is unchanged. Its writes are recorded, and running it again continues.
"""
