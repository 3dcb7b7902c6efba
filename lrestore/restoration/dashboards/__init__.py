"""Dashboards: filters, layouts, tiles, and the positions of tiles.

Promise: existing parts are patched, never deleted and created again; a tile with alerts is not deleted.
Steps: ``sides`` matches the parts, ``planner`` compares them, ``tile_planner`` one tile, ``placements`` the positions,
``apply`` writes in stages, ``handler`` is the interface for the rest of the restore.
"""
