"""Several files behind one ``[source] path``: which of them are one backup, and which backup counts.

A glob over a folder of nightly files names many backups of the same objects. Read as one source, they would give back
an object that only an old file holds, although it was deleted since. Shards, by contrast, are one backup in several
files and are worth nothing one by one. The steps:

* :mod:`facts`: each file is read once, without its content: its objects, its date, its extractions;
* :mod:`grouping`: files that share no version of an object and lie close together in time are one backup;
* :mod:`choice`: the newest backup counts, or the newest as of a date, unless the files leave a doubt;
* :mod:`opening`: opens the chosen one.

A doubt ends the run: no rule guesses.
"""
