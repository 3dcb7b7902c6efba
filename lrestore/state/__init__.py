"""What lrestore remembers: sessions, results, dead letters, id mappings, intents, and the copies that undo needs.

The promise: what was committed here has happened, and what was about to happen is here before it does. A process that
is killed at any moment leaves a file that the next run can open and go on from.

* ``writer``: the only code that writes the state file, one process at a time; every record method is idempotent, so
  that a message delivered twice does no harm.
* ``read``: the same file, read-only, for any number of processes.
* ``lock``: one run per state file.
* ``undo``: per worker, the live objects as they were before they were written, in the backup's own format.
* ``schema.sql``, ``queries.sql``, ``migrations``: the tables, every statement, and the way from older versions.

Durability: WAL with ``synchronous=FULL``. WAL alone survives the death of a process; FULL also survives the loss of
power, since each commit waits for the disk. Group commits (``StateWriter.transaction``) keep that cheap.

Not guaranteed: a disk that lies about fsync, and a state file on a network file system without POSIX locks.
"""
