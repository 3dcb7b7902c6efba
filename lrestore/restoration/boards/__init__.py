"""Boards: their sections, the items in them, and their order.

Steps: ``planner`` compares, ``items`` says what one item must hold, ``apply`` writes, ``handler`` is what the rest of
the restore knows of boards.
"""
