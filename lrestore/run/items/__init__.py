"""Processes one item after the other, in any process: read it, restore it, record the result.

Promise: the failure of one item never stops the others.
"""
