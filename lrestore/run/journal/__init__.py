"""Records what a run does, so that nothing is lost or created twice.

Promise: a record is on disk before the next step depends on it. Records may arrive twice and count once.
Steps: ``records`` defines the records and writes them into the state file, ``session`` answers questions from the state
file and the session's own records, ``read_only`` serves plans, ``local`` writes in the process of the command,
``waits`` computes how long an open create may still take effect.
"""
