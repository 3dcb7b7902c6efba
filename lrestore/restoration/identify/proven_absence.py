"""The proof, from the index of the instance, that an item is missing. It is not searched for in other ways then."""

from __future__ import annotations

from lrestore.content.identity import NaturalKey
from lrestore.json_types import JsonObject
from lrestore.looker.read.index import INDEXED
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.restoration.context import Context
from lrestore.restoration.identify.resolve import natural_key
from lrestore.restoration.stand_in_names import generated_slug


def is_surely_absent(context: Context, key: ItemKey, raw: JsonObject) -> bool:
    """Whether the destination certainly has no object that the item may be, by its id or by its natural key.

    Where ids count, a search by the id has to agree, and a read where the lists show no trash at all. The index proves
    nothing to a caller to whom Looker may not show everything, nor for an item with an open create, whose object may
    appear at any moment. The specification does not say whether lists show hidden dashboards.
    """
    if key.type not in INDEXED or context.backup.undone is not None or raw.get("hidden"):
        return False
    live = context.destination.live
    object_id = None if context.backup.judgement.instance == "other" else key.id
    if object_id is not None and not live.searched_in_vain(key.type, object_id):
        return False
    if context.records.begun(key) or context.records.unsettled(key) or context.records.in_doubt(key):
        return False
    if not live.index.take_missing(key.type, object_id, *_names(context, key, raw)):
        return False
    if object_id is None or not live.index.shows_no_trash(key.type):
        return True
    return live.prefetch(key.type, object_id) is None


def _names(context: Context, key: ItemKey, raw: JsonObject) -> list[NaturalKey]:
    """The natural keys by which the item would be looked for: its own, and that of an object with a generated slug."""
    wanted = natural_key(context, key, raw)
    own = [wanted] if wanted else []
    if "slug" not in CONTENT_TYPES[key.type].natural_key:
        return own
    return [*own, {"slug": generated_slug(key, raw)}]
