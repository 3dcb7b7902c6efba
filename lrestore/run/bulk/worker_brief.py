"""The message with which a worker process starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lrestore.content.identity import Judgement
from lrestore.content.payload import Releases
from lrestore.credentials import Credentials, Login
from lrestore.messages import ItemKey
from lrestore.restoration.backup import Hosts
from lrestore.restoration.beside import Beside
from lrestore.restoration.policy import Policy
from lrestore.run.limiter import SharedLimiter
from lrestore.run.request import Undo
from lrestore.run.saved_plan.file import ReadPlan
from lrestore.run.surroundings import LogSetup
from lrestore.settings import Settings
from lrestore.state.guard import Guard


@dataclass(frozen=True, slots=True)
class WorkerBrief:
    """Everything that a worker needs, sent once at its start. It contains a secret: sent through a pipe, never in argv.

    ``titled`` are the items of the run whose titles are unique in their folder. ``plan`` is the saved plan that is
    carried out, ``former`` are the sessions that this one carries on; at ``began_at`` the run began to read.
    ``indexed`` are the types of which it restores so many objects that an index pays.
    """

    number: int
    settings: Settings
    credentials: Credentials
    login: Login
    source_credentials: Credentials | None
    vault_files: tuple[tuple[str, str], ...]
    session_id: str
    folder: Path
    listings: Path
    handed: Path
    limiter: Callable[..., SharedLimiter]
    policy: Policy
    judgement: Judgement
    releases: Releases
    hosts: Hosts
    caller_id: str
    is_admin: bool
    titled: frozenset[ItemKey]
    indexed: frozenset[str]
    guard: Guard
    log: LogSetup | None
    undo: Undo | None = None
    beside: Beside | None = None
    plan: ReadPlan | None = None
    former: tuple[str, ...] = ()
    began_at: str = ""
