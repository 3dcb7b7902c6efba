"""The live objects that may be a backed-up one by its natural key, and the choice among them.

A natural key may hold references (the folder of a look, the owner of a plan). :mod:`.resolve` translates them, and in
turn looks for their targets by name: it passes its functions in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lrestore.content.identity import NaturalKey
from lrestore.content.shapes.boundary import as_user
from lrestore.json_types import JsonObject
from lrestore.looker.read.index import INDEXED
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.schema import ContentType, is_built_in
from lrestore.restoration.context import Context
from lrestore.restoration.identify.namesakes import Pairing, pair_namesakes
from lrestore.restoration.identify.traits import traits_of
from lrestore.restoration.identify.users import by_name_alone, find_by_name, find_users, known_by, name_of

OWNER = "user_id"


def identifying(entry: ContentType, raw: JsonObject) -> list[str]:
    """The fields of the natural key that identify the object; of alternative ones (``one_of``), the one that is set."""
    chosen = [name for name in entry.one_of if raw.get(name) not in (None, "")]
    if entry.one_of and not chosen:
        return list(entry.natural_key)
    return [name for name in entry.natural_key if name not in entry.one_of or name in chosen]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Live objects that have the natural key ``wanted`` of an item. ``login``: they are users with the same login."""

    wanted: NaturalKey = field(default_factory=dict)
    rows: list[JsonObject] = field(default_factory=list)
    login: bool = False


class NameSearch:
    """Searches for items by their natural keys, which ``natural_key`` gives. ``counterpart`` returns the live id of
    another item by its mapping or id; ``there`` also searches by name.
    """

    def __init__(
        self,
        context: Context,
        natural_key: Callable[[ItemKey, JsonObject], NaturalKey | None],
        counterpart: Callable[[str, str], str | None],
        there: Callable[[str, str], str | None],
    ) -> None:
        self._context = context
        self._natural_key = natural_key
        self._counterpart = counterpart
        self._there = there

    def candidates(self, key: ItemKey, raw: JsonObject) -> Candidates:
        """The live objects that may be the backed-up one by their natural key, those in the trash included.

        Plans of other owners are among them: an owner may have been replaced.
        """
        if key.type == "user":
            user = as_user(raw)
            found = find_users(self._context, key, user)
            if found:
                return Candidates(dict(known_by(user)), found, login=True)
            return Candidates(name_of(user), find_by_name(self._context, user))
        wanted = self._natural_key(key, raw)
        if not wanted:
            return Candidates()
        searched = {name: value for name, value in wanted.items() if name != OWNER}
        return Candidates(wanted, self._context.destination.live.find(key.type, searched))

    def targets(self, key: ItemKey, raw: JsonObject) -> Candidates:
        """As :meth:`candidates`, for a reference to the item. Where the index of the instance shows that no live object
        has the natural key, none is searched for: an object that another caller creates in the same minute is taken
        for missing, and the item that refers to it is told to be incomplete.

        An open create of the item may show at any moment, and the specification does not say whether lists show hidden
        dashboards.
        """
        records = self._context.records
        unsure = raw.get("hidden") or records.begun(key) or records.unsettled(key) or records.in_doubt(key)
        if key.type in INDEXED and not unsure:
            wanted = self._natural_key(key, raw)
            if wanted and self._context.destination.live.index.lacks_name(key.type, wanted):
                return Candidates(wanted)
        return self.candidates(key, raw)

    def chosen(
        self, key: ItemKey, raw: JsonObject, candidates: Candidates, rows: list[JsonObject]
    ) -> Pairing[JsonObject]:
        """Which of ``rows``, candidates that are not known to be others, the backed-up object is."""
        traits = None if candidates.login else traits_of(self._context, key.type, self._there)
        if traits is None or not rows:
            return Pairing(tuple(rows), doubtful=len(rows) > 1)
        items = {key.id: raw, **self._rivals(key, candidates.wanted)}
        if len(rows) == len(items) == 1 and traits.rest(raw, rows[0]) == "same":
            return Pairing(tuple(rows))
        return pair_namesakes(key.id, items, {str(row["id"]): row for row in rows}, traits)

    def _rivals(self, key: ItemKey, wanted: NaturalKey) -> dict[str, JsonObject]:
        """Other items of the backup with the same natural key, of which the live object is not known either."""
        found: dict[str, JsonObject] = {}
        for source_id in self._context.backup.source.namesakes(key):
            other = ItemKey(key.type, source_id)
            if other == key or self._counterpart(other.type, other.id) is not None:
                continue
            content = self._context.backup.raw(other)
            if content is None or is_built_in(CONTENT_TYPES[key.type], content):
                continue
            if self._has(other, content, wanted):
                found[source_id] = content
        return found

    def _has(self, key: ItemKey, raw: JsonObject, wanted: NaturalKey) -> bool:
        """Whether an item may be looked for by the same natural key, apart from its owner. A user that is
        found by its login is not looked for by its name.
        """
        if key.type == "user":
            user = as_user(raw)
            return name_of(user) == wanted and by_name_alone(user) and not find_users(self._context, key, user)
        return {**(self._natural_key(key, raw) or {}), OWNER: None} == {**wanted, OWNER: None}
