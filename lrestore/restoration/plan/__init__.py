"""Plans one object: the differences of its own fields, and the preconditions of its writes.

Promise: nothing here writes. A plan is data: ``--plan`` shows it, a restore carries it out.
"""
