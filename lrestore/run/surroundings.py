"""The caller of a run: its credentials, its terminal, its callbacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Self

from lrestore.report.events import Announced, Announcer
from lrestore.report.progress import Harmless, ProgressDisplay, Silent

if TYPE_CHECKING:
    from lrestore.credentials import Credentials
    from lrestore.report.guards import Foreseen
    from lrestore.report.model import Report
    from lrestore.run.saved_plan.model import SavedPlan


@dataclass(frozen=True, slots=True)
class LogSetup:
    """Log settings for child processes. None in :class:`Surroundings`: child processes do not configure logging."""

    level: int
    format: Literal["text", "json"]
    file: str | None
    stream_level: int


def _no_credentials() -> Credentials:
    raise AssertionError("no destination was reached yet")


@dataclass(slots=True, kw_only=True)
class Surroundings:
    """The command line and the Python functions fill this in; :meth:`reaching` adds the credentials.

    ``confirm`` receives the sums of the plan and answers whether to go on; it is called only if ``asks``
    is true: a user is at the terminal. ``warn`` receives warnings about settings. ``command`` is how the program was
    called, up to its mode, and "" in a rehearsal, which cannot be undone; ``typed`` is all of it.
    ``beginning`` receives the session id before the session is recorded, so that a kill in between loses nothing.
    ``begun`` receives it once the session can be resumed; ``unresumable`` is called when it no longer can. ``publish``
    receives the report of a finished run; the session can be resumed until it returns. ``keep_plan`` receives a
    plan to save.
    """

    progress: ProgressDisplay = field(default_factory=Silent)
    confirm: Callable[[Foreseen], bool] = lambda foreseen: True
    stop: Callable[[], bool] = lambda: False
    warn: Callable[[str], None] = lambda text: None
    log: LogSetup | None = None
    begun: Callable[[str], None] = lambda session_id: None
    unresumable: Callable[[], None] = lambda: None
    publish: Callable[[Report], object] = lambda report: None
    beginning: Callable[[str], None] = lambda session_id: None
    keep_plan: Callable[[SavedPlan], object] | None = None
    asks: bool = False
    command: str = "lrestore"
    announcer: Announcer = field(default_factory=Announcer)
    typed: str = ""
    credentials: Callable[[], Credentials] = _no_credentials
    source_credentials: Callable[[], Credentials | None] = lambda: None

    def reaching(
        self, credentials: Callable[[], Credentials], source: Callable[[], Credentials | None] = lambda: None
    ) -> Self:
        """The same with the credentials of the destination and of the source instance. Its progress is announced, and
        an error of the display ends no run.
        """
        progress = Announced(Harmless(self.progress), self.announcer)
        return replace(self, credentials=credentials, source_credentials=source, progress=progress)
