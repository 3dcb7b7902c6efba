"""The client of Looker's API 4.0, the only package that speaks HTTP.

Promise: nothing but the destination is ever connected to; every failure is a typed error that knows whether repeating
can help and whether the call may have taken effect; no create is repeated blindly; no secret is ever shown.

How a call goes::

    session    operation id and plain values  ->  request; token (auth); repetitions (retries)
    transport  limiter, meter, log; one exchange over a pooled connection (connections, endpoint)
    errors     an answer that is not 2xx  ->  typed error, Looker's field errors decoded, secrets hidden (redaction)
    session    JSON  ->  plain values

Not guaranteed: that a create happened at most once if its caller repeats it after an unknown outcome.
"""

from __future__ import annotations
