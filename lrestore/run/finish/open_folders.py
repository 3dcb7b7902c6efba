"""Names folders that more people can see than in the source instance, and that restored content was put into.

Backups hold no access lists: only a source instance that still lives can tell. One warning for each folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lrestore.errors import DependencyError, LrestoreError
from lrestore.json_types import JsonObject
from lrestore.looker.read.access_lists import AccessList, AccessLists, Grant
from lrestore.looker.read.source_instance import Origin
from lrestore.messages import ItemKey, ItemResult
from lrestore.restoration.context import Context
from lrestore.restoration.identify.resolve import resolve
from lrestore.restoration.plan.title_clashes import IN_FOLDERS
from lrestore.run.destination import ExaminedDestination
from lrestore.run.saved_plan.names import new
from lrestore.text.words import counted, shortened

_PLACES = frozenset({"folder_id", "deleted"})
_NAMED = 5


def more_open(destination: ExaminedDestination, context: Context, results: Iterable[ItemResult]) -> Iterator[str]:
    """The warnings about dashboards and looks that were created, moved, or taken out of the trash, or would be.

    Makes no call without a source instance. A folder that cannot be read becomes a warning, too.
    """
    if destination.source is None:
        return
    by_folder: dict[str, list[ItemKey]] = {}
    for result in results:
        if _is_placed(result):
            folder = (context.backup.raw(result.key) or {}).get("folder_id")
            by_folder.setdefault(str(folder or ""), []).append(result.key)
    by_folder.pop("", None)
    try:
        yield from _Comparison(destination, context).of(by_folder, Origin(destination.source).access(by_folder))
    except LrestoreError as error:
        yield f"whether folders are more open than in the source instance could not be checked: {error.message}"


def _is_placed(result: ItemResult) -> bool:
    if result.key.type not in IN_FOLDERS:
        return False
    moved = any(change.path in _PLACES for change in result.changes)
    return result.outcome == "created" or (result.outcome == "updated" and moved)


class _Comparison:
    def __init__(self, destination: ExaminedDestination, context: Context) -> None:
        self._context = context
        self._session = destination.connection.session
        self._lists = AccessLists(self._session)

    def of(self, by_folder: dict[str, list[ItemKey]], sources: dict[str, AccessList]) -> Iterator[str]:
        """The warnings. ``by_folder``: content by its folder in the backup; ``sources``: the lists of these folders."""
        for folder, keys in by_folder.items():
            live = self._live(folder) if folder in sources else None
            more = self._more(live, sources[folder]) if live is not None else []
            if live is not None and more:
                named = shortened([str(key) for key in sorted(keys)], _NAMED)
                yield (
                    f"{self._named(folder, live)} is more open than folder {folder} of the source instance: "
                    f"{', '.join(map(str, more))} can see it here and not there; it holds "
                    f"{counted(len(keys), 'restored item')}: {named}"
                )

    def _named(self, folder: str, live: JsonObject) -> str:
        there = f"folder {live['id']} ({live.get('name')!r})"
        recorded = self._context.records.recorded("folder", folder)
        is_planned = recorded is not None and recorded.destination_id == new("folder", folder)
        return f"{new('folder', folder)}, with the access of {there}," if is_planned else there

    def _live(self, folder: str) -> JsonObject | None:
        """The live folder. In a plan, for a folder that is not there yet: the one whose list it will inherit."""
        key = ItemKey("folder", folder)
        try:
            live_id = resolve(self._context, "folder", folder, path="folder_id", key=key)
        except DependencyError:
            return None
        if live_id != new("folder", folder):
            return self._context.destination.live.get("folder", live_id)
        above = (self._context.backup.raw(key) or {}).get("parent_id")
        inherits = self._context.policy.new_folder_access == "inherit"
        return self._live(str(above)) if inherits and above else None

    def _more(self, live: JsonObject, source: AccessList) -> list[Grant]:
        """The entries of the live list that go beyond the source's."""
        metadata_id = live.get("content_metadata_id")
        if metadata_id is None:
            shown = self._session.call("folder", path={"folder_id": str(live["id"])}) or {}
            metadata_id = shown.get("content_metadata_id")
        if metadata_id is None:
            return []
        allowed = {grant for one in source.grants for grant in self._translated(one)}
        return [grant for grant in self._lists.effective(str(metadata_id)).grants if grant not in allowed]

    def _translated(self, grant: Grant) -> list[Grant]:
        """The entry in ids of the destination, and, for one that may edit, the lesser one; [] without a counterpart."""
        kind, source_id = ("group", grant.group_id) if grant.group_id else ("user", grant.user_id)
        try:
            live_id = resolve(self._context, kind, source_id, path="access", key=ItemKey(kind, source_id))
        except DependencyError:
            return []
        ids = (live_id, "") if kind == "group" else ("", live_id)
        return [Grant(grant.permission, *ids), Grant("view", *ids)]
