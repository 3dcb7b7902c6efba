"""Processes one item after the other, in any process: read it, restore it, record the result.

``loop`` takes the items in turn, ``two_passes`` returns to those that wait for others, ``budget`` says when to stop,
``dead_letter`` describes a failure.
Promise: the failure of one item never stops the others.
"""
