"""How the simulated instance behaves; all of it can be changed while it runs."""

from __future__ import annotations

from typing import Literal

import msgspec

Nested = Literal["full", "absent", "null", "empty"]
Overrides = Literal["dropped", "kept", "lost"]
StopsInheriting = Literal["copied", "creator"]


class Config(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Behaviour of a simulated instance.

    ``nested_in_search``: what a dashboard found by a search shows of its tiles, filters and layouts.
    ``page_cap``: most rows that a search gives, whatever ``limit`` says (0: no cap).
    ``rate_per_s`` and ``rate_burst``: calls beyond are answered 429 (0: no limit), with a Retry-After header if
    ``retry_after`` says so. ``concurrency``: the same for calls under way (0: no limit).
    ``caller_admin``: whether the API key belongs to an admin. ``hidden``: per type, ids that a caller who isn't one
    can't see. ``unique_filter_titles``: refuse two filters of one title in a dashboard.
    ``release``: what ``GET /versions`` says, empty for the specification's own; fields that came later are refused
    and not shown.
    ``overrides``: what becomes of what a tile overrides in its query when it gets another: dropped, kept, or lost with
    all that the same call says of it; nowhere said of Looker.
    ``stops_inheriting``: which access list a folder has when it stops inheriting: a copy of what it inherited, or the
    caller alone; nowhere said of Looker.
    ``keep_bodies``: the log keeps what was sent.
    """

    latency_ms: float = 0.0
    rate_per_s: float = 0.0
    rate_burst: int = 0
    retry_after: bool = True
    concurrency: int = 0
    token_lifetime_s: float = 3600.0
    release: str = ""
    page_cap: int = 0
    nested_in_search: Nested = "full"
    caller_admin: bool = True
    hidden: dict[str, list[str]] = {}
    unique_filter_titles: bool = False
    overrides: Overrides = "dropped"
    stops_inheriting: StopsInheriting = "copied"
    keep_bodies: bool = False
    seed: int = 0


def changed(config: Config, changes: dict[str, object]) -> Config:
    """A copy with those fields changed; msgspec.ValidationError for an unknown field or a wrong type."""
    return msgspec.convert({**msgspec.structs.asdict(config), **changes}, Config)
