"""The Looker that is restored into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lrestore.clock import stamp, utc_now
from lrestore.content.payload import Releases
from lrestore.looker.caller import Caller
from lrestore.looker.read.live import Live


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """The Looker that is restored into, as this process calls and reads it."""

    session: Caller
    live: Live
    releases: Releases
    caller_id: str
    """The user whose credentials are used."""
    is_admin: Callable[[], bool]
    """Whether that user is an admin."""
    began_at: str = field(default_factory=lambda: stamp(utc_now()))
    """When the run began to read. Records since then may be newer than what was read."""
