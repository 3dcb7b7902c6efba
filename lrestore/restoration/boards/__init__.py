"""Boards: their sections, the items in them, and their order.

Steps: ``planner`` compares, ``items`` computes the fields of one item, ``orders`` their order, ``apply`` writes,
``handler`` is the interface for the rest of the restore.
"""
