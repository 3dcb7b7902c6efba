"""The fixture of restore tests: a generated instance, its backup, and the same instance running with later changes.

Everything is real: the backup is a LookerVault file, the instance answers on a socket, the journal is a state file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from lrestore.clock import utc_now
from lrestore.content.identity import Judgement
from lrestore.content.payload import Releases
from lrestore.credentials import Credentials
from lrestore.errors import IncompleteError
from lrestore.json_types import JsonObject
from lrestore.looker.read.live import Live
from lrestore.looker.session import LookerSession
from lrestore.messages import ItemKey, ItemResult
from lrestore.restoration.backup import Backup
from lrestore.restoration.context import WritingContext
from lrestore.restoration.destination import Destination
from lrestore.restoration.item import ItemRestorer
from lrestore.restoration.item_plan import ItemPlan
from lrestore.restoration.policy import Policy
from lrestore.run.journal.mappings import Mappings
from lrestore.run.journal.records import apply_record
from lrestore.run.journal.session import SessionJournal
from lrestore.run.prepare.identity import judge
from lrestore.run.prepare.preflight import AdminCheck, connect_destination
from lrestore.simulator.core.config import SimulatorConfig
from lrestore.simulator.core.store import World
from lrestore.simulator.http.server import RunningSimulator, start
from lrestore.simulator.world.backup import Extraction, write_backup
from lrestore.simulator.world.world import Sizes, make_world
from lrestore.state.read import StateReader
from lrestore.state.records import MappingRoute, RestorationSession
from lrestore.state.undo import UndoJournal
from lrestore.state.undo_folder import undo_directory
from lrestore.state.writer import StateWriter
from lrestore.vault.reader import Vault
from tests.waiting import HANG_S

SESSION = "20260102-030405-abcd"
SMALL = Sizes(users=4, groups=2, folders=4, depth=2, looks=4, dashboards=3, tiles=6, filters=2, boards=0, plans=0)


class RestoreFixture:
    """``world`` is the live instance. ``call`` acts as another user of it; ``restore`` and ``plan`` run
    lrestore.
    """

    def __init__(self, directory: Path, *, sizes: Sizes = SMALL, config: SimulatorConfig | None = None) -> None:
        self._stack = ExitStack()
        self.directory = directory
        self.world: World = make_world(sizes)
        write_backup(self.world, directory / "vault.db", Extraction(at=datetime(2026, 1, 1, tzinfo=UTC)))
        self.simulator: RunningSimulator = self._stack.enter_context(
            start(self.world, config or SimulatorConfig(keep_bodies=True))
        )
        self.vault = self._stack.enter_context(Vault.open([str(directory / "vault.db")]))
        self.writer = self._stack.enter_context(StateWriter.open(directory / "state.db", now=utc_now))
        self.writer.begin_session(
            RestorationSession(id=SESSION, mode="restore", source_instance="src", source_paths=(), destination="dst")
        )
        self.reader = self._stack.enter_context(StateReader.open(directory / "state.db"))
        self.undo = self._stack.enter_context(UndoJournal(undo_directory(directory / "state.db", SESSION), worker=0))
        self._others = self._session()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _session(self, max_retries: int = 2) -> LookerSession:
        key = Credentials(self.simulator.client_id, self.simulator.client_secret)
        return self._stack.enter_context(
            LookerSession(
                self.simulator.base_url, key, timeout_s=HANG_S, max_retries=max_retries, pause=lambda _: False
            )
        )

    def call(self, operation: str, body: object = None, **path: str) -> Any:
        """Call the instance as another user."""
        return self._others.call(operation, path=path, body=body)

    def context(self, policy: Policy | None = None, judgement: Judgement | None = None) -> WritingContext:
        """The context of a new run, before its first read."""
        session = self._session()
        facts = connect_destination(session, self.simulator.base_url)
        is_admin = AdminCheck(session, facts.user_id)
        live = Live(session, sees_all=is_admin)
        return WritingContext(
            destination=Destination(
                session=session,
                live=live,
                releases=Releases(self.vault.release_floor(), facts.looker_version),
                caller_id=facts.user_id,
                is_admin=is_admin,
            ),
            backup=Backup(source=self.vault, judgement=judgement or judge(self.vault, live, [], "auto", 1 << 24)),
            records=self.journal(),
            policy=policy or Policy(max_retries=2),
        )

    def journal(self, destination: str = "dst") -> SessionJournal:
        """The journal of a run that restores into ``destination``."""
        record = partial(apply_record, self.writer, SESSION)
        mappings = Mappings(self.reader, MappingRoute("src", destination), None)
        return SessionJournal(record, lambda: None, self.reader, self.undo, SESSION, mappings)

    def mapped(self, type_name: str, source_id: str) -> str | None:
        """The recorded live id of a backed-up object or part."""
        recorded = self.reader.recorded(MappingRoute("src", "dst"), type_name, source_id)
        return recorded.destination_id if recorded else None

    def restore(self, key: str, policy: Policy | None = None, judgement: Judgement | None = None) -> ItemResult:
        """Restore one item (``dashboard=1``) in a run of its own."""
        return ItemRestorer(self.context(policy, judgement)).restore(self.item(key)).result

    def plan(self, key: str, policy: Policy | None = None, judgement: Judgement | None = None) -> ItemPlan:
        """Plan one item in a run of its own."""
        return ItemRestorer(self.context(policy, judgement)).plan(self.item(key))

    def item(self, key: str) -> Any:
        """An item of the backup."""
        type_name, _, item_id = key.partition("=")
        return self.vault.read(ItemKey(type_name, item_id))

    def counted(self, act: Callable[[], Any]) -> Counter[str]:
        """The calls of ``act`` by operation, without the calls at the start of every run."""
        seen = len(self.simulator.log.calls)
        act()
        calls = Counter(call.operation for call in list(self.simulator.log.calls)[seen:])
        for opening in ("login", "me", "user", "versions", "all_folders"):
            calls.pop(opening, None)
        return calls

    def dashboard(self, object_id: str) -> JsonObject:
        """A live dashboard as the API shows it."""
        shown: JsonObject = self.call("dashboard", dashboard_id=object_id)
        return shown

    def tiles(self, object_id: str) -> dict[str, JsonObject]:
        """The live tiles of a dashboard by id."""
        return {str(tile["id"]): tile for tile in self.dashboard(object_id)["dashboard_elements"]}


def incomplete(act: Callable[[], Any]) -> ItemResult:
    """The result of an item that is restored without some of its references."""
    with pytest.raises(IncompleteError) as caught:
        act()
    assert caught.value.restored is not None
    return caught.value.restored


def writes(calls: Mapping[str, int]) -> dict[str, int]:
    """The writing calls."""
    return {
        name: count
        for name, count in calls.items()
        if name.startswith(("create_", "update_", "delete_", "set_", "add_"))
    }
