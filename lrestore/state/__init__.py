"""The state file (sessions, results, dead letters, id mappings, intents) and the copies for an undo.

Promise: a committed record is true, and a create is recorded before it is sent. A process that is killed at any moment
leaves a file that the next run can open and continue from.

* ``writer``: the only code that writes the state file, one process at a time. Every record method is idempotent, so a
  message that is delivered twice does no harm. ``transactions`` has its connection.
* ``read``: the same file, read-only, for any number of processes. ``rows`` turns rows into values, and back.
* ``lock``: one run per state file.
* ``undo``: per worker, the live objects as they were before they were written, in the backup's own format, with a log
  of the writes (``undo_log``) in the folder of the session (``undo_folder``).
* ``schema.sql``, ``queries.sql``, ``migrations``: the tables, every statement, and the way from older versions.

Durability: WAL with ``synchronous=FULL``. WAL alone survives the death of a process; FULL also survives a power loss,
because each commit waits for the disk. Group commits (``StateWriter.transaction``) keep this cheap.

Not guaranteed: durability on a disk that ignores fsync, and locking on a network file system without POSIX locks.
"""
