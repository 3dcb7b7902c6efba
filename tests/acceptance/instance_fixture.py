"""An instance, its backup, and the command: what an acceptance test needs.

The instance is simulated on a socket, the backup is a file as LookerVault writes it, and the command is ``main`` with
arguments and an environment, or a process of its own.
"""

from __future__ import annotations

import contextlib
import io
import os
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from lrestore.cli.main import main
from lrestore.json_types import JsonObject
from lrestore.ontology import CONTENT_TYPES
from lrestore.simulator.core.config import SimulatorConfig
from lrestore.simulator.core.journal import LoggedCall
from lrestore.simulator.core.store import Record, World
from lrestore.simulator.http.server import RunningSimulator, start
from lrestore.simulator.world.backup import Extraction, blob_of, write_backup
from lrestore.simulator.world.edits import Edit, edit
from lrestore.simulator.world.world import Sizes, make_world
from lrestore.vault.shard import ShardWriter
from tests.acceptance.proxy import Proxy
from tests.cli.command import environment
from tests.quick_start import start as start_command
from tests.waiting import HANG_S

SMALL = Sizes(users=4, groups=3, folders=5, depth=2, looks=5, dashboards=3, tiles=7, filters=3, boards=0, plans=0)
OPENING = frozenset({"login", "versions", "api_spec", "me", "user", "all_folders"})
"""Calls with which a run begins, whatever it restores."""
SECRET = "Sup3rS3cretS3cret0fTheTests"


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of the command. ``calls`` are those that the instance saw during it; ``report`` is what it wrote."""

    code: int
    out: str
    err: str
    report: JsonObject
    calls: tuple[LoggedCall, ...]

    @property
    def operations(self) -> Counter[str]:
        """The calls by operation, but those with which every run begins."""
        return Counter(call.operation for call in self.calls if call.operation not in OPENING)

    @property
    def writes(self) -> list[LoggedCall]:
        """The calls that change something; a login does not."""
        return [call for call in self.calls if call.method != "GET" and call.operation not in ("login", "logout")]

    @property
    def letters(self) -> list[JsonObject]:
        """The report's dead letters."""
        found: list[JsonObject] = self.report["dead_letters"]
        return found

    def total(self, word: str) -> int:
        """One of the seven totals."""
        return int(self.report["totals"][word])

    def letter(self) -> JsonObject:
        """The only dead letter."""
        (found,) = self.letters
        return found

    def all_good(self) -> Self:
        """Itself, if every item was restored, unchanged or skipped."""
        assert self.code == 0, f"{self.err}\n{self.out}"
        return self


class InstanceFixture:
    """``world`` is the live instance; ``run`` is the command, in ``directory``, with ``vault.db`` as its backup."""

    def __init__(self, directory: Path, *, sizes: Sizes = SMALL, world: World | None = None) -> None:
        self._stack = ExitStack()
        self.directory = directory
        self.world = world or make_world(sizes)
        self.backup = directory / "vault.db"
        if not self.backup.exists():
            write_backup(self.world, self.backup, Extraction(at=datetime(2026, 1, 1, tzinfo=UTC)))
        self.simulator: RunningSimulator = self._stack.enter_context(
            start(self.world, SimulatorConfig(keep_bodies=True), client_id="acceptance", client_secret=SECRET)
        )
        self.base_url = self.simulator.base_url
        self.extra_environment: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def through(self, **variants: Any) -> Proxy:
        """Let the command speak to a proxy that changes calls and answers."""
        proxy = self._stack.enter_context(Proxy(self.simulator.base_url, **variants))
        self.base_url = proxy.base_url
        return proxy

    def settings(self) -> dict[str, str]:
        """The environment that says where the backup, the instance and the state file are."""
        return {
            "LOOKERSDK_CLIENT_ID": "acceptance",
            "LOOKERSDK_CLIENT_SECRET": SECRET,
            "LRESTORE_SOURCE_PATH": str(self.backup),
            "LRESTORE_SOURCE_INSTANCE": "source",
            "LRESTORE_DESTINATION_BASE_URL": self.base_url,
            "LRESTORE_DESTINATION_NAME": "destination",
            "LRESTORE_STATE_PATH": str(self.directory / "state.db"),
            "LRESTORE_RUN_WORKERS": "2",
            "LRESTORE_RUN_MAX_RETRIES": "4",
            # The simulator ends its calls at once: what an unanswered create has made is there.
            "LRESTORE_RUN_SETTLE_S": "2",
            # Otherwise the processes of a large run begin slowly.
            "LRESTORE_RATE_PER_SECOND": "2000",
            **self.extra_environment,
        }

    def run(self, *argv: str, **environ: str) -> Ran:
        """The command in this process. A report is always asked for, unless the mode has none."""
        out, err = io.StringIO(), io.StringIO()
        seen = self._seen()
        streams = contextlib.redirect_stdout(out), contextlib.redirect_stderr(err)
        with _surroundings(self.directory, {**self.settings(), **environ}), streams[0], streams[1]:
            code = main(self._reported(argv))
        return self._ran(code, out.getvalue(), err.getvalue(), seen)

    def start(self, *argv: str, **environ: str) -> subprocess.Popen[str]:
        """The command as a process."""
        return start_command(
            self._reported(argv),
            cwd=self.directory,
            environ=environment(**{**self.settings(), **environ}),
            stdout=subprocess.PIPE,
        )

    def process(
        self, *argv: str, meanwhile: Callable[[subprocess.Popen[str]], object] | None = None, **environ: str
    ) -> Ran:
        """The command as a process, to its end. ``meanwhile`` is called when it has been started."""
        seen = self._seen()
        with self.start(*argv, **environ) as process:
            if meanwhile is not None:
                meanwhile(process)
            out, err = process.communicate(timeout=HANG_S)
        return self._ran(process.returncode, out, err, seen)

    def _seen(self) -> int:
        (self.directory / "report.json").unlink(missing_ok=True)
        return len(self.simulator.log.calls)

    def _reported(self, argv: tuple[str, ...]) -> list[str]:
        without = any(word.startswith("--show") or word in ("--report", "--discard") for word in argv)
        return [*argv, *([] if without else ["--report", str(self.directory / "report.json")])]

    def _ran(self, code: int, out: str, err: str, seen: int) -> Ran:
        file = self.directory / "report.json"
        report = msgspec.json.decode(file.read_bytes()) if file.exists() else {}
        return Ran(code, out, err, report, tuple(list(self.simulator.log.calls)[seen:]))

    def blob(self, type_name: str, object_id: str) -> JsonObject:
        """The content of an object in a backup made now."""
        record = self.world.get(type_name, object_id)
        assert record is not None
        return blob_of(self.world, type_name, record)

    def back_up(self, type_name: str, object_id: str, blob: JsonObject) -> None:
        """Put other content into the backup, under a key that may be there already."""
        with ShardWriter(self.backup) as shard:
            name = str(blob.get("title") or blob.get("name") or "")
            shard.put(type_name, object_id, name, blob, synced_at=datetime(2026, 1, 2, tzinfo=UTC))

    def spoil(self, type_name: str, object_id: str, content: bytes) -> None:
        """Put bytes into the backup that are no content."""
        number = CONTENT_TYPES[type_name].vault_number
        with contextlib.closing(sqlite3.connect(self.backup)) as connection, connection:
            found = connection.execute(
                "UPDATE content_items SET content_data = ?, content_size = ? WHERE id = ? AND content_type = ?",
                (content, len(content), object_id, number),
            )
            assert found.rowcount == 1

    def edit(self, type_name: str, object_id: str, **fields: Any) -> None:
        """Change an object as another user."""
        edit(self.world, Edit(type=type_name, id=object_id, set=fields))

    def delete(self, type_name: str, object_id: str) -> None:
        """Delete it permanently as another user."""
        edit(self.world, Edit(type=type_name, id=object_id, delete=True))

    def parts(self, type_name: str, dashboard_id: str) -> list[Record]:
        """The live tiles, filters or layouts of a dashboard."""
        return self.world.table(type_name).where("dashboard_id", dashboard_id)

    def rows(self, what: str) -> list[JsonObject]:
        """The output of ``--show`` as JSON."""
        ran = self.run("--show", what, "--format", "json")
        assert ran.code == 0, ran.err
        found: list[JsonObject] = msgspec.json.decode(ran.out)
        return found


@contextlib.contextmanager
def _surroundings(directory: Path, environ: Mapping[str, str]) -> Iterator[None]:
    before, cwd = dict(os.environ), Path.cwd()
    os.environ.clear()
    os.environ.update(environment(**environ))
    os.chdir(directory)
    try:
        yield
    finally:
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(before)
