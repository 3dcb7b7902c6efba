"""Ids in free-form maps: what no schema describes and yet names objects of the instance.

``vis_config`` is the visualisation's own business (specification, Query.vis_config). Where it names colours was read in
public exports and tools (gzr ``color_palette``); no type of a backup holds what is named.
"""

from __future__ import annotations

from collections.abc import Mapping

VIS_CONFIG = "vis_config"
"""The last step of a path at which a visualisation has its settings."""

NAMED_IN_VIS_CONFIG: Mapping[str, str] = {"collection_id": "color_collection", "palette_id": "color_palette"}
"""Key of a map, at any depth → what it names. Both stand in ``color_application`` of a chart and of its conditional
formatting, and in ``palette`` of a cell visualisation.
"""

OWN_PALETTE = ("custom", "custom_colors")
"""Keys of the same map that bring a palette of the chart's own: its ``palette_id`` names nothing else."""
