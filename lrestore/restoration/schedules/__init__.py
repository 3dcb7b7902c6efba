"""Scheduled plans: their destinations and the dashboard tabs that they send.

Promise: restoring a plan never sends it.
"""
