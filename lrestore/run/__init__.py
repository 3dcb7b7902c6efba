"""One run, from settings to report.

Promise: a run that is killed at any moment loses nothing and creates nothing twice once it is resumed, and reaches the
totals of an undisturbed run. No process outlives the command.

1. :mod:`~lrestore.run.start` starts a new session; :mod:`~lrestore.run.resume` resumes one, or retries its dead
   letters. ``select`` chooses and orders the items, ``prepare`` reads what all of them need.
2. :mod:`~lrestore.run.start` picks the mode and logs in (``destination``): ``compare`` serves the modes that write
   nothing, :mod:`~lrestore.run.restore` restores and makes the report. ``guards`` come before the first write.
3. A few items are restored in this process (``in_process``), many by ``bulk``: a coordinator, workers and one writer.
4. ``journal`` records what the restore of an item does. ``finish`` checks at the end what the items have left open.
5. ``limiter`` throttles all processes together.

Not guaranteed: an order among items that do not need each other.
"""
