"""Saved plans: ``--plan-out`` writes one, ``--apply`` carries it out.

Promise: ``--apply`` writes what the file holds and nothing else. An item that is not what the plan saw, or that would
be written otherwise than planned, is not written and becomes a dead letter ``ChangedSincePlanError``.
Steps: ``model`` is the file as data, ``record`` makes it of what is planned, ``observed`` is the digest of a live
object, ``file`` writes and reads it, ``origin`` checks what it was made for, ``permit`` compares what is about to be
written with it.
Not guaranteed: a defence against an attacker. The digest shows accidents and edits; anyone can compute it anew.
"""
