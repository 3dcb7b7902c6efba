"""The simulated Looker without HTTP: objects, schemas, faults, limits.

Promise: what its specification does not allow is refused, as Looker does.
"""
