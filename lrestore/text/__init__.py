"""Makes foreign text safe for the terminal, the state file and logs; words durations, numbers and listings.

Promise: the resulting text does not control a terminal, can be stored in SQLite, and shows no known secret.
Not guaranteed: that a secret is recognised that was not registered with :class:`redaction.Secrets`.
"""
