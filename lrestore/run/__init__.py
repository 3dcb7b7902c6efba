"""One run, from settings to report.

Promise: killed at any moment, by whatever means, a run loses nothing and doubles nothing once it is resumed, and
comes to the totals of an undisturbed one; no process outlives the command.

1. :mod:`~lrestore.run.start` begins a run, anew or where another stopped; ``choose`` and ``order`` say what is to
be done; ``restore_run`` sets it up and makes the report.
2. A few items are restored in this process (``single``); many by a ``coordinator``, ``worker`` processes and one
``writer``.
3. ``protocol`` is all that these say to each other, ``plumbing`` how it travels, ``outbox`` what is not confirmed yet.
4. ``journal`` is what an item's restore writes down, ``recording`` what that means for the state file.
5. ``limiter`` throttles all processes together.

Not guaranteed: an order among items that do not need each other.
"""
