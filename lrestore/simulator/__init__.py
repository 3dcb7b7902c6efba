"""A stand-in for Looker's API 4.0, for demos, tests and benchmarks; :func:`lrestore.simulator.server.start` runs it.

Honest and strict: it refuses what Looker refuses (see ``crud`` and the modules of each type), and breaks on demand (see
``faults``). ``core/schemas.json`` is all that it knows of the specification.
"""
