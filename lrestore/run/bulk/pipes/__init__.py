"""Communication between the processes of a run; any of them may be killed at any moment.

* ``results``: one pipe, many writers, one reader; every message is one atomic write;
* ``channels``: one duplex pipe per worker, and waiting for any of them or for a death;
* ``parent``: no child outlives the coordinator.

No multiprocess lock, queue, condition or semaphore is used: they stay locked if their holder is killed.

Not guaranteed: that a dead process has carried out a message that it had read. The sender keeps a message until it is
confirmed.
"""

from __future__ import annotations

from lrestore.run.bulk.pipes.channels import Channel, channel, wait
from lrestore.run.bulk.pipes.errors import MessageTooLargeError, PeerGoneError, PlumbingError, TornMessageError
from lrestore.run.bulk.pipes.parent import die_with_parent
from lrestore.run.bulk.pipes.results import LIMIT_BYTES, ResultReader, ResultWriter, fits, result_pipe

__all__ = [
    "LIMIT_BYTES",
    "Channel",
    "MessageTooLargeError",
    "PeerGoneError",
    "PlumbingError",
    "ResultReader",
    "ResultWriter",
    "TornMessageError",
    "channel",
    "die_with_parent",
    "fits",
    "result_pipe",
    "wait",
]
