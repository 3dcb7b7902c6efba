"""Dashboards: filters, layouts, tiles, and where the tiles stand.

Promise: parts that exist are patched, never deleted and made again; a tile with alerts is not deleted.
Steps: ``planner`` compares a dashboard and its parts, ``tile_planner`` one tile, ``apply`` writes in stages,
``handler`` is what the rest of the restore knows of dashboards.
"""
