"""A stand-in for Looker's API 4.0, for demos, tests and benchmarks.

:func:`lrestore.simulator.http.server.start` runs it.

It refuses requests that Looker refuses (see ``api.crud`` and the module of each type), and injects faults on demand
(see ``core.faults``). ``core/schemas.json`` is its only knowledge of the specification.
"""
