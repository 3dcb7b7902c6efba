"""Planned objects: ``--plan`` creates nothing, but items that refer to such objects need an id for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from lrestore.json_types import JsonObject
from lrestore.looker.read.live import Live
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.restoration.item_plan import ItemPlan
from lrestore.restoration.writes import Write
from lrestore.run.journal.read_only import ReadOnlyJournal
from lrestore.run.saved_plan import names

_TAB = "dashboard_layout"


class PlannedObjects:
    """Makes planned objects look as if they existed."""

    def __init__(self, journal: ReadOnlyJournal, live: Live) -> None:
        self._journal = journal
        self._live = live

    def made(self, key: ItemKey, body: JsonObject) -> None:
        """Add the object under a descriptive id such as ``new folder 5``."""
        entry = CONTENT_TYPES[key.type]
        object_id = str(body["name"]) if entry.id_field == "name" else names.new(key.type, key.id)
        self._journal.pretended[key.type, key.id] = object_id
        self._live.put(key.type, {**body, entry.id_field: object_id})
        self._live.note(key.type, object_id)
        if key.type == "user":
            home = {"id": names.PERSONAL_FOLDER_OF + object_id, "is_personal": True, "creator_id": object_id}
            self._live.put("folder", home)

    def made_tabs(self, writes: Iterable[Write]) -> None:
        """Add the tabs that a dashboard gets: scheduled plans name them. The first tab of a new one is made with it."""
        for write in writes:
            if write.type == _TAB and not write.live_id:
                self._journal.pretended[_TAB, write.source_id] = names.new(_TAB, write.source_id)

    def changed(self, key: ItemKey, live_id: str, body: JsonObject) -> None:
        """Treat a slug as released or taken: it is unique, and items of one run may swap theirs."""
        if "slug" in body:
            self._live.foresee(key.type, live_id, {"slug": body["slug"]})

    def taken_out(self, key: ItemKey, live_id: str) -> None:
        """Treat the object as taken out of the trash, so that other items can refer to it."""
        self._live.note(key.type, live_id)

    def removed(self, key: ItemKey) -> None:
        """Treat the slug of an object that is deleted as free: a copy may take it back."""
        self._live.foresee(key.type, key.id, {"slug": None})

    def forget(self, key: ItemKey) -> None:
        """Remove the object of the first plan: the item is planned again and must not find it."""
        object_id = self._journal.pretended.pop((key.type, key.id), None)
        if object_id is not None:
            self._live.forget(key.type, object_id)


def calls_of(plan: ItemPlan) -> Counter[str]:
    """The calls that carry out ``plan``, at most."""
    calls: Counter[str] = Counter(write.operation for write in plan.before)
    if plan.own:
        calls[plan.own.operation] += 1
    return calls + plan.parts.calls()
