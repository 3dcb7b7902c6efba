"""Objects that a plan would make, for the items that refer to them: ``--plan`` makes nothing, and they need an id."""

from __future__ import annotations

from collections import Counter

from lrestore.json_types import JsonObject
from lrestore.looker.read.live import Live
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.restoration.item import ItemPlan
from lrestore.run.journal.read_only import ReadOnlyJournal


class Pretend:
    """Acts as if planned objects were there."""

    def __init__(self, journal: ReadOnlyJournal, live: Live) -> None:
        self._journal = journal
        self._live = live

    def made(self, key: ItemKey, body: JsonObject) -> None:
        """The object is there from now on, under an id that tells what it is: ``new folder 5``."""
        entry = CONTENT_TYPES[key.type]
        object_id = str(body["name"]) if entry.id_field == "name" else f"new {key.type} {key.id}"
        self._journal.pretended[key.type, key.id] = object_id
        self._live.put(key.type, {**body, entry.id_field: object_id})
        self._live.note(key.type, object_id)
        if key.type == "user":
            home = {"id": f"personal folder of {object_id}", "is_personal": True, "creator_id": object_id}
            self._live.put("folder", home)

    def taken_out(self, key: ItemKey, live_id: str) -> None:
        """The object is out of the trash from now on, where nobody can refer to it."""
        self._live.note(key.type, live_id)

    def forget(self, key: ItemKey) -> None:
        """The item is planned once more: it must not find what the first plan would have made."""
        object_id = self._journal.pretended.pop((key.type, key.id), None)
        if object_id is not None:
            self._live.forget(key.type, object_id)


def calls_of(plan: ItemPlan) -> Counter[str]:
    """The calls that carry out ``plan``: at most so many."""
    calls: Counter[str] = Counter(write.operation for write in plan.before)
    if plan.own:
        calls[plan.own.operation] += 1
    return calls + plan.parts.calls()
