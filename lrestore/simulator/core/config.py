"""How the simulated instance behaves; all of it can be changed while it runs."""

from __future__ import annotations

from typing import Literal

import msgspec

Nested = Literal["full", "absent", "null", "empty"]
Overrides = Literal["dropped", "kept", "lost"]
StopsInheriting = Literal["copied", "creator"]


class SimulatorConfig(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Behaviour of a simulated instance.

    ``latency_ms``: the time that every answer takes at least; ``latencies_ms``: the same by operation.
    ``nested_in_search``: how a dashboard found by a search shows its tiles, filters and layouts.
    ``page_cap``: the most rows that a search returns, whatever ``limit`` says (0: no cap).
    ``rate_per_s`` and ``rate_burst``: further calls are answered 429 (0: no limit), with a Retry-After header if
    ``retry_after`` is set. ``concurrency``: the same for calls in progress (0: no limit).
    ``caller_admin``: whether the API key belongs to an admin. ``hidden``: per type, the ids that other
    callers cannot see. ``unique_filter_titles``: refuse two filters of one title in a dashboard.
    ``release``: the answer of ``GET /versions``, empty for the specification's own; fields of later releases are
    refused and not shown.
    ``overrides``: a tile's overrides of its query when it gets another query: dropped, kept, or lost together with
    the overrides of the same call. Looker does not document it.
    ``stops_inheriting``: the access list of a folder that stops inheriting: a copy of the inherited one, or only the
    caller. Looker does not document it.
    ``keep_bodies``: the log keeps the bodies of requests.
    """

    latency_ms: float = 0.0
    latencies_ms: dict[str, float] = {}
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


def changed(config: SimulatorConfig, changes: dict[str, object]) -> SimulatorConfig:
    """A copy with these fields changed; msgspec.ValidationError for an unknown field or a wrong type."""
    return msgspec.convert({**msgspec.structs.asdict(config), **changes}, SimulatorConfig)
