"""The client of Looker's API 4.0, the only package that speaks HTTP.

Promise: it connects to the destination and, if one is named, to the source instance, and to no other host. Every
failure is a typed error that says whether repeating can help and whether the call may have taken effect. No create is
repeated blindly. No secret is shown.

How a call goes::

    session    operation id and plain values  ->  request (http.calls); repetitions (retries); token (auth)
    transport  waits for its turn (limits), sends over a pooled connection (http.connections), counts (meter), logs
    errors     an answer that is not 2xx  ->  typed error, Looker's field errors decoded, secrets hidden
    session    JSON  ->  plain values, if they are an answer that the operation can give (http.shape)

``read`` answers questions about live objects with few calls.

Not guaranteed: that a create happened at most once if its caller repeats it after an unknown outcome.
"""

from __future__ import annotations
