"""The simulated Looker without HTTP: objects, schemas, faults, limits.

Promise: it refuses requests that its specification does not allow, as Looker does.
"""
