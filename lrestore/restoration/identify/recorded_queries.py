"""Queries and merged queries that an earlier run created: their recorded ids, if these can be proved.

Where none is recorded, an object of the same name may show an equal query. Looker never changes or deletes a query. But
on another server, or after a rollback, its id may belong to another query.
"""

from __future__ import annotations

from collections.abc import Mapping

from lrestore.errors import NotFoundError
from lrestore.json_types import JsonObject
from lrestore.looker.read.live import LISTED
from lrestore.messages import ItemKey, Recorded
from lrestore.restoration.context import Context
from lrestore.restoration.identify.proof import proves
from lrestore.restoration.identify.queries import fingerprint

_READ = {"query": ("query", "query_id"), "merge_query": ("merge_query", "merge_query_id")}
"""The call that shows one, and its parameter."""


def mapped_query(context: Context, kind: str, name: str, shown: Mapping[str, object] | None = None) -> str | None:
    """The live id under which a query of the backup (``kind``: query or merge_query) is on record; None where that
    cannot be proved.

    ``shown`` is a query that the live object shows, if that has been read: it saves the call. Each query costs at most
    one call per process.
    """
    recorded = context.records.recorded(kind, name)
    if recorded is None:
        return None
    if recorded.sure or _is_it(kind, recorded, shown) or _is_proved(context, kind, recorded):
        return recorded.destination_id
    return None


def _is_proved(context: Context, kind: str, recorded: Recorded) -> bool:
    if not recorded.proof.key:
        return False
    known = (kind, recorded.destination_id, recorded.proof.key)
    return context.proved.of(known, lambda: proved(kind, recorded, _shown(context, kind, recorded.destination_id)))


def _shown(context: Context, kind: str, live_id: str) -> Mapping[str, object] | None:
    operation, parameter = _READ[kind]
    try:
        live = context.destination.session.call(operation, path={parameter: live_id})
    except NotFoundError:
        return None
    return live if isinstance(live, dict) else None


def _is_it(kind: str, recorded: Recorded, shown: Mapping[str, object] | None) -> bool:
    return bool(shown) and str((shown or {}).get("id")) == recorded.destination_id and proved(kind, recorded, shown)


def proved(kind: str, recorded: Recorded, shown: Mapping[str, object] | None) -> bool:
    """A record of an older version proves nothing: creating such a query again returns the existing one."""
    return shown is not None and proves(kind, recorded, shown) is True


def asked_by_namesake(context: Context, key: ItemKey, raw: JsonObject) -> str | None:
    """The live query that an object of the same name shows, if it asks the same: found although none is recorded."""
    asked = fingerprint(context.backup.definitions.query(str(raw["query_id"])))
    if asked is None or key.type not in LISTED:
        return None
    for row in context.destination.live.table(key.type).values():
        if row.get("query_id") is not None and row.get("name") == raw.get("name"):
            path = {"query_id": str(row["query_id"])}
            if fingerprint(context.destination.session.call("query", path=path)) == asked:
                return str(row["query_id"])
    return None
