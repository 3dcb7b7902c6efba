"""Checks and screen before the first write.

Promise: a run that a limit forbids, or for which the disk has no room, writes nothing (exit 3).
Steps: ``limits`` compares the backup's age and the plan with the settings, ``disk`` the room with what the copies may
need, ``screen`` collects the facts that are shown. Not guaranteed: that the estimate of the disk is right.
"""
