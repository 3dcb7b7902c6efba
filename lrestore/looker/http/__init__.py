"""HTTP to one host: connections, one request and its answer, and what an answer means.

Promise: a failed call says whether its request may have reached the server; a body is read to its end and within a
deadline.
Steps: ``endpoint`` knows the host, ``connections`` keeps sockets, ``answers`` parses, ``transport`` sends one request,
``calls`` makes the request of an operation of the specification, ``errors`` makes an error of a refusal, ``shape``
says whether an answer of success is one that the operation can give.
Not guaranteed: retries and rate limits; those are one level up, in ``looker.retries`` and ``looker.limits``.
"""
