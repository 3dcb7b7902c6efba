"""Slugs of dashboards: unique in the whole instance, trash included.

A dashboard whose backup has none, or whose slug is another's by now, gets one of our own. It follows from the item
alone, so that what a create without an answer has made is found again, also by another run.
"""

from __future__ import annotations

import hashlib
import string

from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey
from lrestore.restoration.clashes import makes_way
from lrestore.restoration.own import OwnPlanner

_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 22
"""As long as Looker's own."""


def own_slug(key: ItemKey, raw: JsonObject) -> str:
    """The slug that the backed-up dashboard gets where it cannot have its own."""
    told = "\n".join(str(one) for one in (key, raw.get("slug"), raw.get("created_at"), raw.get("title")))
    number = int.from_bytes(hashlib.sha256(told.encode()).digest(), "big")
    letters = []
    for _ in range(_LENGTH):
        number, place = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[place])
    return "".join(letters)


def adjust_dashboard(planner: OwnPlanner, wanted: JsonObject) -> None:
    """A live dashboard keeps its slug where the backed-up one is another's by now: Looker would refuse the whole
    update.
    """
    slug, live = wanted.get("slug"), planner.live
    if live is None or slug is None or slug == live.get("slug"):
        return
    found = planner.context.live.find("dashboard", {"slug": str(slug)})
    other = next((row for row in found if str(row["id"]) != str(live["id"])), None)
    if other is None:
        return
    if makes_way(planner.context, planner.ends, "dashboard", other, "slug"):
        wanted["slug"] = own_slug(planner.key, planner.raw)
        return
    del wanted["slug"]
    planner.warnings.append(f"its slug {slug!r} belongs to dashboard {other['id']}: it keeps {live.get('slug')!r}")
