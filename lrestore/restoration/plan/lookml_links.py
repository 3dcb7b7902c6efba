"""The link from a dashboard, or from one of its tabs, to the LookML dashboard from which it is synchronised."""

from __future__ import annotations

from collections.abc import Mapping

from lrestore.json_types import JsonObject
from lrestore.looker.read.live import Live
from lrestore.messages import ItemKey
from lrestore.restoration.identify.absence import lookml_missing
from lrestore.restoration.writes import Unmet

FIELD = "lookml_link_id"


class LookmlLink:
    """Checks the link that stands at ``path`` of an item. What was found out is in ``warnings`` and ``unmet``."""

    def __init__(self, live: Live, key: ItemKey, path: str) -> None:
        self._live = live
        self._key = key
        self._path = path
        self.warnings: list[str] = []
        self.unmet: list[Unmet] = []

    def keep_if_there(self, wanted: JsonObject, live: Mapping[str, object] | None) -> None:
        """Take the link out of ``wanted`` where the destination has no such LookML dashboard.

        A link that the live object has already needs no question.
        """
        name = wanted.get(FIELD)
        if not name or str((live or {}).get(FIELD) or "") == str(name):
            return
        error = lookml_missing(self._live, str(name), self._path, self._key, self.warnings)
        if error is not None:
            del wanted[FIELD]
            why = f"lookml_dashboard={name} is not in the destination"
            self.unmet.append(Unmet("its link to LookML", why, self._path, error.hint or ""))
