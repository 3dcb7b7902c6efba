"""One item after the other, in whatever process: read it, restore it, record what became of it.

Promise: the failure of one item never stops the others.
"""
