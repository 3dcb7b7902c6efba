"""Names of the users who changed or deleted live objects. A comparison reads them in bulk at the end; a restore takes
those that its backup has.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from lrestore.content.live_facts import unnamed, with_user_names
from lrestore.errors import LookerError, StoppedError
from lrestore.json_types import JsonObject
from lrestore.looker.read.live import Live
from lrestore.messages import ItemKey, LiveFacts
from lrestore.report.model import Difference, OnlyLive, Report
from lrestore.report.packed_items import Has, as_items, having, report_items
from lrestore.vault.reader import Vault

log = logging.getLogger(__name__)

_CHUNK = 100
"""Users per search."""
_FIELDS = "id,display_name,first_name,last_name,email"


def with_names(report: Report, names_of: Callable[[Sequence[str]], Mapping[str, str]]) -> Report:
    """The report with the names of users; ``names_of`` gives the known ones by id. Others are called by id."""
    ids = sorted({user_id for facts in _facts(report) for user_id in unnamed(facts)})
    if not ids:
        return report
    names = names_of(ids)

    def filled(facts: LiveFacts | None) -> LiveFacts | None:
        return None if facts is None else with_user_names(facts, names)

    def differing(found: Sequence[Difference]) -> tuple[Difference, ...]:
        return tuple(msgspec.structs.replace(one, live=filled(one.live)) for one in found)

    items = report_items(as_items(report.items).with_names(names))
    verify = report.verify
    if verify is not None:
        verify = msgspec.structs.replace(
            verify,
            different=differing(verify.different),
            ignored=differing(verify.ignored),
            only_live=tuple(_only_live(one, names) for one in verify.only_live),
        )
    return msgspec.structs.replace(report, items=items, verify=verify)


def _facts(report: Report) -> Iterator[LiveFacts]:
    """The facts in the report that may lack names; several places may show the same object."""
    yield from (one.live for one in having(report.items, Has.UNNAMED) if one.live is not None)
    if report.verify is not None:
        differences = (*report.verify.different, *report.verify.ignored)
        yield from (one.live for one in differences if one.live is not None)
        yield from (one.facts for one in report.verify.only_live)


def _only_live(one: OnlyLive, names: Mapping[str, str]) -> OnlyLive:
    return msgspec.structs.replace(one, updated_by=with_user_names(one.facts, names).updated_by)


def names_in(vault: Vault, ids: Sequence[str]) -> dict[str, str]:
    """The names that the backup has for users of its own instance."""
    rows = ((user_id, vault.row(ItemKey("user", user_id))) for user_id in ids)
    return {user_id: row.name for user_id, row in rows if row is not None and row.name}


def live_names(live: Live, ids: Sequence[str]) -> dict[str, str]:
    """The names as Looker has them now; without those of users that do not exist, or cannot be read."""
    found: dict[str, str] = {}
    try:
        for start in range(0, len(ids), _CHUNK):
            users = live.brief_all("user", ids[start : start + _CHUNK], _FIELDS)
            found |= {user_id: name for user_id, user in users.items() if (name := _name(user))}
    except (LookerError, StoppedError) as error:
        log.warning("cannot read the names of users, so they are called by their ids: %s", error)
    return found


def _name(user: JsonObject) -> str:
    names = " ".join(str(user[part]) for part in ("first_name", "last_name") if user.get(part))
    return str(user.get("display_name") or names or user.get("email") or "")
