"""Undoes a session: a restore from the copies that the session took.

Promise: an object returns to its first copy. An object that was changed since the session is not written, and is named.
Steps: ``source`` makes one backup file of a session's copies, ``remove`` deletes objects that the session created if
requested, ``foreign`` finds content of other people in them, ``start`` begins the undoing session.
Not guaranteed: the ids of parts and objects that have to be created again.
"""
