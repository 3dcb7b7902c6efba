"""Planning one object: which of its own fields differ, and what has to hold before it is written.

Promise: nothing here writes; a plan is data, so that ``--plan`` shows what a restore then does.
"""
