"""Many items: a coordinator, worker processes, and one process that writes the state file.

Promise: any of these processes may be killed at any moment; after ``--resume`` the result is that of an undisturbed
run.
Steps: ``start`` sets up, ``coordinator`` hands out batches and decides what follows a death, ``worker`` restores,
``writer`` commits. ``launch`` starts processes, ``pipes`` carries their messages.
"""
