"""Targets of references that are not in the destination: the reasons, and the errors for hard references.

:class:`LookmlLink` checks one kind of reference: the link from a dashboard, or from one of its tabs, to the LookML
dashboard from which it is synchronised.
"""

from __future__ import annotations

from collections.abc import Mapping

from lrestore.errors import DependencyError
from lrestore.json_types import JsonObject
from lrestore.looker.read.live import LISTED, Live
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.schema import is_built_in
from lrestore.restoration.backup import Backup
from lrestore.restoration.writes import Unmet


def is_there(live: Live, target: str, object_id: str) -> bool:
    """An object may be younger than the listing of its type, or be left out of it."""
    return live.exists(target, object_id) or (target in LISTED and live.beyond(target, object_id) is not None)


def missing_target(
    live: Live, backup: Backup, target: str, source_id: str, *, path: str, key: ItemKey
) -> DependencyError:
    """The error for a hard reference without a target."""
    backed_up = backup.raw(ItemKey(target, source_id))
    held = backup.source.holds(ItemKey(target, source_id))
    hint = restore_first(target, source_id) if held else "the backup does not hold it either"
    if backed_up is not None and is_built_in(CONTENT_TYPES[target], backed_up):
        hint = "a restore cannot create it: it comes with the instance, with a login, or from a directory"
    message = f"{key} needs {target}={source_id} ({path}), which is not in the destination"
    if _belongs_to_another(live, backup, target, source_id):
        message += f": that id belongs to another {target} now"
    return DependencyError(message, path=path, key=key, hint=hint)


def restore_first(target: str, source_id: str) -> str:
    """The remedy for a target that the backup holds. The same run may have tried it, and failed."""
    return f"restore it first: --select {target}={source_id}; if that fails, its own dead letter says why"


def without_copy(target: str, source_id: str, *, path: str, key: ItemKey) -> DependencyError:
    """The error for a reference to an item that is copied, too, while there is no copy of it."""
    message = f"{key} needs the copy of {target}={source_id} ({path}), which could not be made"
    return DependencyError(message, path=path, key=key, hint="--retry-dead-letters tries both again")


def why_missing(live: Live, backup: Backup, target: str, source_id: str) -> str:
    """The reason why a reference has no target, for an item that is restored without it."""
    if backup.copies(ItemKey(target, source_id)):
        return f"there is no copy of {target}={source_id}"
    if _belongs_to_another(live, backup, target, source_id):
        return f"{target}={source_id} is not in the destination: that id belongs to another {target} now"
    return f"{target}={source_id} is not in the destination"


def _belongs_to_another(live: Live, backup: Backup, target: str, source_id: str) -> bool:
    return backup.same_instance and is_there(live, target, source_id)


def lookml_missing(live: Live, name: str, path: str, key: ItemKey, warnings: list[str]) -> DependencyError | None:
    """The error for a LookML dashboard (``model::name``) that cannot be in the destination; None for one that may be.

    Only Looker knows what a model that is there defines: it may show nothing of a dashboard that it takes all the same.
    """
    if live.exists("dashboard", name):
        return None
    if live.exists("lookml_model", name.partition("::")[0]):
        warnings.append(f"{path}: Looker does not show lookml_dashboard={name}, though it has its model")
        return None
    return DependencyError(
        f"{key} needs lookml_dashboard={name} ({path}), which is not in the destination",
        path=path,
        key=key,
        hint="deploy the LookML first",
    )


_LOOKML_LINK = "lookml_link_id"


class LookmlLink:
    """Checks the link at ``path`` of an item. ``warnings`` and ``unmet`` have the results."""

    def __init__(self, live: Live, key: ItemKey, path: str) -> None:
        self._live = live
        self._key = key
        self._path = path
        self.warnings: list[str] = []
        self.unmet: list[Unmet] = []

    def keep_if_there(self, wanted: JsonObject, live: Mapping[str, object] | None) -> None:
        """Take the link out of ``wanted`` where the destination has no such LookML dashboard.

        A link that the live object has already is not checked.
        """
        name = wanted.get(_LOOKML_LINK)
        if not name or str((live or {}).get(_LOOKML_LINK) or "") == str(name):
            return
        error = lookml_missing(self._live, str(name), self._path, self._key, self.warnings)
        if error is not None:
            del wanted[_LOOKML_LINK]
            why = f"lookml_dashboard={name} is not in the destination"
            self.unmet.append(Unmet("its link to LookML", why, self._path, error.hint or ""))
