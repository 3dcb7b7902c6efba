"""Saved plans: ``--plan-out`` writes one, ``--apply`` carries it out.

Promise: ``--apply`` writes only what the file holds. If an item has changed since the plan, or its writes would differ
from the plan, it is not written and becomes a dead letter ``ChangedSincePlanError``.
Steps: ``model`` is the file as data, ``record`` makes it from planned items, ``observed`` computes the digest of a live
object, ``file`` writes and reads it, ``origin`` checks backup, destination and settings, ``permit`` compares each write
with it.
Not guaranteed: protection against an attacker. The digest detects accidents and edits; anyone can recompute it.
"""
