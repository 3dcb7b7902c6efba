"""When and by whom a live object was last changed and deleted, as far as Looker shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrestore.content.canonical import iso, parse_moment
from lrestore.messages import LiveFacts


def live_facts(live: Mapping[str, Any]) -> LiveFacts:
    """The facts of a live object. Groups, folders, users and the like show none of them."""
    trashed = live.get("deleted", live.get("deleted_at") is not None)
    return LiveFacts(
        updated_at=_time(live.get("updated_at")),
        updated_by=_text(live.get("last_updater_name")),
        deleted_at=_time(live.get("deleted_at")) if trashed else None,
        updated_by_id=_text(live.get("last_updater_id")),
        deleted_by_id=_text(live.get("deleter_id")) if trashed else None,
    )


def with_user_names(facts: LiveFacts, names: Mapping[str, str]) -> LiveFacts:
    """The facts with names of users by id; an unknown user is called by the id."""

    def name(known: str | None, user_id: str | None) -> str | None:
        if user_id is None or not _lacks(known, user_id):
            return known
        return names.get(user_id, _by_id(user_id))

    return LiveFacts(
        facts.updated_at,
        name(facts.updated_by, facts.updated_by_id),
        facts.deleted_at,
        name(facts.deleted_by, facts.deleted_by_id),
        facts.updated_by_id,
        facts.deleted_by_id,
    )


def unnamed(facts: LiveFacts) -> set[str]:
    """The ids of users whose names the facts lack."""
    pairs = ((facts.updated_by, facts.updated_by_id), (facts.deleted_by, facts.deleted_by_id))
    return {user_id for known, user_id in pairs if user_id is not None and _lacks(known, user_id)}


def _lacks(known: str | None, user_id: str) -> bool:
    return not known or known == _by_id(user_id)


def _by_id(user_id: str) -> str:
    return f"user {user_id}"


def _time(value: object) -> str | None:
    moment = parse_moment(value)
    return iso(moment) if moment is not None else _text(value)


def _text(value: object) -> str | None:
    return None if value in (None, "") else str(value)
