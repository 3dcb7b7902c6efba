"""Taking a session back: an undo is a restore from the copies that the session took.

Promise: an object goes back to the first copy of it; what was changed since the session is left alone, and named.
Steps: ``source`` makes one backup file of a session's copies, ``undone`` answers what the session had written,
``remove`` deletes what it had created, where that is asked for, ``start`` begins the session that takes it back.
Not guaranteed: the ids of parts and objects that have to be made again.
"""
