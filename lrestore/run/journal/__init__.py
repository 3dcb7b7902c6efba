"""Recording what a run does, so that nothing is lost or doubled.

Promise: a record is on disk before the next step depends on it; records may come twice and count once.
Steps: ``records`` are the facts, ``session`` answers from the state file and the session's own records, ``read_only``
serves plans, ``local`` writes in the command's own process, ``apply_record`` puts a record into the state file.
"""
