"""Dashboards: filters, layouts, tiles, and the positions of tiles.

Promise: existing parts are patched, never deleted and created again; a tile with alerts is not deleted.
Steps: ``planner`` compares a dashboard and its parts, ``tile_planner`` one tile, ``apply`` writes in stages,
``handler`` is the interface for the rest of the restore.
"""
