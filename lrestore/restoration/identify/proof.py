"""Does a recorded mapping still lead to the object that was recorded?

A state file may be used on another server of the same name, or on an instance that was set back: the recorded id then
belongs to another object. So a mapping keeps identifying fields of its object. ``created_at`` decides where both sides
have one; otherwise the natural key does. Nothing here makes a call.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping

import msgspec

from lrestore.content.canonical import parse_moment
from lrestore.content.identity import same_origin
from lrestore.content.shapes.boundary import as_filter, as_layout, as_merge_query, as_query, as_tile, as_user
from lrestore.looker.read.users import credentials_of, emails_of
from lrestore.messages import ObjectMapping, Proof, Recorded
from lrestore.ontology import CONTENT_TYPES
from lrestore.restoration.identify.queries import fingerprint, merge_definition, query_id_of
from lrestore.restoration.stand_in_names import temporary_title

ShownFields = Mapping[str, object]
"""An object, part or query as Looker shows it."""

_SHORT = 200
"""Longer texts are kept as a hash: they are compared, never read."""


def proof_of(kind: str, live: ShownFields) -> Proof:
    """The proof to record for a live object, part or query, from what Looker shows of it."""
    created_at = live.get("created_at")
    shown = str(created_at) if parse_moment(created_at) is not None else ""
    traits = {name: value for name, value in _traits(kind, live).items() if value is not None}
    return Proof(shown, msgspec.json.encode(traits, order="sorted").decode() if traits else "")


def mapping_to(kind: str, source_id: str, live_id: str, live: ShownFields) -> ObjectMapping:
    """The mapping to a live object, with its proof."""
    return ObjectMapping(kind, source_id, live_id, proof_of(kind, live))


def proves(kind: str, recorded: Recorded, live: ShownFields) -> bool | None:
    """Whether the live object of the recorded id is the one that was recorded; None where nothing was recorded that
    could tell, as in state files of older versions.
    """
    if recorded.sure:
        return True
    verdict = same_origin(recorded.proof.created_at or None, live.get("created_at"))
    if verdict is not None or not recorded.proof.key:
        return verdict
    return _agree(kind, recorded, live)


def _agree(kind: str, recorded: Recorded, live: ShownFields) -> bool | None:
    ours: dict[str, str] = msgspec.json.decode(recorded.proof.key, type=dict[str, str])
    theirs = _traits(kind, live)
    if kind == "user":
        return _same_user(ours, theirs)
    if kind in CONTENT_TYPES:
        return all(theirs.get(name) in _also(value, recorded.destination_id) for name, value in ours.items())
    # A part of an object that is proved: people may have given it another title, or another query, but hardly both.
    return any(theirs.get(name) == value for name, value in ours.items())


def _also(value: str, live_id: str) -> tuple[str, str]:
    """A name, and the temporary name that the object has while a run restores others."""
    return value, _text(temporary_title(value, live_id))


def _same_user(ours: dict[str, str], theirs: Mapping[str, str | None]) -> bool | None:
    """Users without a login are compared by name. None: a login was added or removed since."""
    logins = {name for name in ours if name != "name"}
    if logins & {name for name, value in theirs.items() if value is not None and ours.get(name) == value}:
        return True
    others = {name for name, value in theirs.items() if value is not None and name != "name"}
    if logins and others:
        return False
    return ours.get("name") == theirs.get("name") if not (logins or others) else None


def _traits(kind: str, live: ShownFields) -> dict[str, str | None]:
    """The fields that distinguish the object from others of its type; None for a field that it lacks."""
    if kind in _OF_KIND:
        return _OF_KIND[kind](live)
    entry = CONTENT_TYPES.get(kind)
    names = entry.natural_key if entry is not None else ()
    return {name: _text(live.get(name)) for name in names if live.get(name) not in (None, "")}


def _text(value: object) -> str:
    text = str(value)
    return text if len(text) <= _SHORT else _hash(text)


def _hash(value: str) -> str:
    return f"sha256:{hashlib.sha256(value.encode()).hexdigest()[:32]}"


def _named(live: ShownFields, names: Iterable[str]) -> dict[str, str | None]:
    return {name: _text(live[name]) for name in names if live.get(name) not in (None, "")}


def _user(shown: ShownFields) -> dict[str, str | None]:
    """Each login is a trait by itself. Addresses are hashed: they are personal data."""
    live = as_user(shown)
    found = {f"email {_hash(email)}": "1" for email in emails_of(live)}
    found |= {f"{kind} {_hash(credential)}": "1" for kind, credential in credentials_of(live)}
    moment = parse_moment((live.get("credentials_email") or {}).get("created_at"))
    if moment is not None:
        found[f"login of {moment.isoformat(timespec='seconds')}"] = "1"
    return {**found, "name": _hash(f"{live.get('first_name') or ''} {live.get('last_name') or ''}")}


def _query(live: ShownFields) -> dict[str, str | None]:
    """Looker gives every query a slug and a client id of its own; what asks the same is as good."""
    asked = fingerprint(as_query(live))
    return {**_named(live, ("slug", "client_id")), "asks": None if asked is None else _hash(asked)}


def _merge_query(live: ShownFields) -> dict[str, str | None]:
    merge = as_merge_query(live)
    if not merge.get("source_queries"):
        return {}
    return {"asks": _hash(msgspec.json.encode(merge_definition(merge), order="deterministic").decode())}


def _tile(live: ShownFields) -> dict[str, str | None]:
    texts = ("title", "title_text", "body_text", "rich_content_json")
    shown = ("look_id", "merge_result_id", "extension_id", "filter_id")
    query_id = query_id_of(as_tile(live))
    return {**_named(live, (*texts, *shown)), "query_id": query_id}


def _filter(live: ShownFields) -> dict[str, str | None]:
    shown = as_filter(live)
    field = [str(shown[name]) for name in ("model", "explore", "dimension") if shown.get(name)]
    return {**_named(live, ("name", "title")), "field": _text(".".join(field)) if field else None}


def _layout(live: ShownFields) -> dict[str, str | None]:
    """A tab without a label is known by that: of those a dashboard has but one."""
    return {"label": _text(as_layout(live).get("label") or "")}


def _item(live: ShownFields) -> dict[str, str | None]:
    """A board's item shows one thing; what it is called is shown by that thing."""
    return _named(live, ("dashboard_id", "look_id", "lookml_dashboard_id", "custom_url", "custom_title"))


_OF_KIND: Mapping[str, Callable[[ShownFields], dict[str, str | None]]] = {
    "user": _user,
    "query": _query,
    "merge_query": _merge_query,
    "dashboard_element": _tile,
    "dashboard_filter": _filter,
    "dashboard_layout": _layout,
    "board_section": lambda live: _named(live, ("title", "description")),
    "board_item": _item,
}
