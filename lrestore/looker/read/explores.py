"""The LookML models and explores of the destination."""

from __future__ import annotations

import threading

from lrestore.errors import NotFoundError
from lrestore.json_types import JsonObject
from lrestore.looker.caller import Caller
from lrestore.looker.read.listings import Listing


class Explores:
    """Asks ``models``, the listing, first; it leaves out internal and hidden models, so the explore itself is asked for
    before it is called missing. Safe for threads.
    """

    def __init__(self, session: Caller, models: Listing) -> None:
        self._session = session
        self._models = models
        self._names: dict[str, tuple[JsonObject, frozenset[str]]] = {}
        self._known: dict[tuple[str, str], bool] = {}
        self._lock = threading.Lock()

    def exists(self, model: str, explore: str) -> bool:
        """Whether a LookML model exists, and its explore if one is named."""
        names = self._shown(model)
        if names is not None and (not explore or explore in names):
            return True
        key = (model, explore)
        with self._lock:
            if key in self._known:
                return self._known[key]
        found = self._ask(model, explore)
        with self._lock:
            return self._known.setdefault(key, found)

    def _shown(self, model: str) -> frozenset[str] | None:
        """The names of a model's explores, put together once: they are asked for with every tile."""
        shown = self._models.shown(model)
        if shown is None:
            return None
        with self._lock:
            known = self._names.get(model)
            if known is None or known[0] is not shown:
                names = frozenset(str(explore.get("name")) for explore in shown.get("explores") or ())
                known = self._names[model] = (shown, names)
            return known[1]

    def _ask(self, model: str, explore: str) -> bool:
        try:
            if explore:
                path = {"lookml_model_name": model, "explore_name": explore}
                self._session.call("lookml_model_explore", path=path, query={"fields": "name"})
            else:
                self._session.call("lookml_model", path={"lookml_model_name": model}, query={"fields": "name"})
        except NotFoundError:
            return False
        return True
