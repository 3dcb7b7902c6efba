"""Colour collections. A restore lists them and never writes them."""

from __future__ import annotations

from lrestore.simulator.api.crud import TypeRules, provide

COLLECTION = TypeRules(type="color_collection")
provide(COLLECTION, get="color_collection", all="all_color_collections")
