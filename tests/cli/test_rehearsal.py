"""Rehearsals: the world that is made of a backup, the pace, and that a rehearsal leaves nothing and calls no other
machine.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

import lrestore
from lrestore.cli.contradictions import complaint
from lrestore.cli.options import Options
from lrestore.cli.rehearsal.pace import ASSUMED_MS, rehearsal_pace
from lrestore.cli.rehearsal.run import _take_records
from lrestore.cli.rehearsal.scratch import scratch, unusable_folder
from lrestore.cli.rehearsal.stand_ins import _TARGETS
from lrestore.cli.rehearsal.world import Loaded, lines_refused, write_world
from lrestore.clock import utc_now
from lrestore.content.references import occurrences
from lrestore.errors import StoppedError
from lrestore.messages import ItemKey, Totals
from lrestore.ontology import CONTENT_TYPES
from lrestore.ontology.specification import Specification
from lrestore.settings.model import DestinationSettings, RateSettings, Settings, StateSettings
from lrestore.simulator.core.store import World
from lrestore.simulator.http.remote import SimulatorProcess
from lrestore.simulator.world import worldfile
from lrestore.simulator.world.backup import Extraction, write_backup
from lrestore.simulator.world.world import Sizes, make_world
from lrestore.state.read import StateReader
from lrestore.state.records import Pace
from lrestore.state.writer import StateWriter
from lrestore.vault.reader import Vault
from lrestore.vault.schema import VAULT_TYPES
from lrestore.vault.shard import ShardWriter
from tests.cli.command import environment
from tests.cli.command import lrestore as command
from tests.run.cli_harness import MADE
from tests.state.builders import SESSION, session
from tests.vault.builder import Row, build
from tests.waiting import HANG_S

SIZES = Sizes(
    users=3, groups=2, folders=3, depth=1, looks=4, dashboards=4, tiles=5, filters=1, plans=2, boards=1, everything=True
)
LIMIT = 16 * 1024 * 1024

_STAYS_HERE = re.compile(r"'127\.0\.0\.1'|'::1'| '/")
"""An address of loopback, or the path of a socket in the file system."""
AUDIT = """
import os, sys

def audit(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.bind"):
        with open(os.environ["AUDIT"], "a") as file:
            file.write(f"{event} {arguments[-1] if event != 'socket.getaddrinfo' else arguments[0]!r}\\n")

sys.addaudithook(audit)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup in which one look is corrupt, and settings that name machines which must not be called."""
    folder = tmp_path_factory.mktemp("rehearsal")
    write_backup(make_world(SIZES), folder / "vault.db", Extraction(at=MADE))
    with ShardWriter(folder / "vault.db") as shard:
        corrupt = "UPDATE content_items SET content_data = x'00' WHERE content_type = ? AND id = '2'"
        shard.execute(corrupt, [VAULT_TYPES["look"].number])
    (folder / "c.toml").write_text(
        '[source]\npath = "vault.db"\nbase_url = "https://source.example.com"\n'
        '[destination]\nbase_url = "https://looker.example.com:19999"\nname = "dst"\n'
        '[state]\npath = "state.db"\n[run]\nworkers = 2\nnew_folder_access = "copy"\n'
    )
    (folder / "audit").mkdir()
    (folder / "audit" / "sitecustomize.py").write_text(AUDIT)
    return folder


def loaded(path: Path, *, empty: bool = False, needed: tuple[ItemKey, ...] = ()) -> tuple[World, Loaded]:
    """The world that is made of a backup."""
    file = path.with_suffix(".ndjson")
    with Vault.open([str(path)]) as vault:
        made = write_world(vault, file, needed, empty=empty, max_item_bytes=LIMIT)
    return worldfile.load(file), made


def dangling(path: Path, world: World) -> list[str]:
    """References of the backup's objects that lead nowhere."""
    found = []
    with Vault.open([str(path)]) as vault:
        for row in vault.index(set(VAULT_TYPES) - {"explore"}):
            item = None if row.corrupt else vault.read(row.key)
            for reference in CONTENT_TYPES[row.key.type].references if item else ():
                if item is not None and reference.target in _TARGETS:
                    names = (one.value for one in occurrences(item.raw, reference.path))
                    absent = [name for name in names if world.get(reference.target, name) is None]
                    found += [f"{row.key} {reference.path}: {name}" for name in absent]
    return found


def test_the_world_holds_each_object_and_every_id_in_it_leads_somewhere(folder: Path) -> None:
    world, made = loaded(folder / "vault.db")
    assert [(problem.type, problem.id) for problem in made.problems] == [("look", "2")]
    assert dangling(folder / "vault.db", world) == []
    with Vault.open([str(folder / "vault.db")]) as vault:
        rows = [row.key for row in vault.index(set(VAULT_TYPES) - {"explore"}) if row.key != ItemKey("look", "2")]
    assert made.objects == len(rows) and all(world.get(key.type, key.id) for key in rows)
    assert "query" in made.stand_ins and "user" not in made.stand_ins


def test_a_backup_of_one_dashboard_makes_a_world_with_all_that_it_needs(tmp_path: Path) -> None:
    shown = {"id": "10", "model": "sales", "view": "orders"}
    tiles = [
        {"id": "1", "type": "vis", "look_id": "5"},
        {"id": "2", "type": "vis", "query_id": "9"},
        {"id": "3", "type": "vis", "query_id": "10", "query": shown},
    ]
    content = {"id": "7", "title": "Alone", "folder_id": "44", "user_id": "3", "dashboard_elements": tiles}
    path = build(tmp_path / "vault.db", [Row(type="dashboard", id="7", content=content)])
    world, made = loaded(path, needed=(ItemKey("user", "88"),))
    assert dangling(path, world) == [] and world.get("user", "88")
    assert made.stand_ins == {"folder": 1, "user": 2, "look": 1, "query": 1, "lookml_model": 1}
    assert [one["name"] for one in world.table("lookml_model").records["sales"]["explores"]] == ["orders"]
    roots = [folder for folder in world.table("folder") if folder["is_shared_root"]]
    assert [world.table("folder").records["44"]["parent_id"]] == [root["id"] for root in roots]


def test_an_empty_world_holds_what_every_looker_has_and_the_models(folder: Path) -> None:
    world, made = loaded(folder / "vault.db", empty=True)
    counts = {kind: len(table) for kind, table in world.tables.items() if len(table)}
    models = made.objects
    assert counts.pop("content_metadata") == counts.pop("folder") == 5 and counts.pop("content_metadata_access") == 1
    single = ("user", "group", "role", "permission_set", "model_set")
    assert models and counts == {**dict.fromkeys(single, 1), "lookml_model": models}


def test_an_interrupt_ends_the_loading_of_a_large_backup(folder: Path, tmp_path: Path) -> None:
    rows = iter([False, False, True])
    with Vault.open([str(folder / "vault.db")]) as vault, pytest.raises(StoppedError, match="before the rehearsal"):
        write_world(vault, tmp_path / "world", (), empty=False, max_item_bytes=LIMIT, stop=lambda: next(rows))


def test_lines_that_the_simulator_refuses_are_told_with_their_object(folder: Path, tmp_path: Path) -> None:
    with Vault.open([str(folder / "vault.db")]) as vault:
        made = write_world(vault, tmp_path / "world", (), empty=False, max_item_bytes=LIMIT)
        number = made.keys.index(ItemKey("dashboard", "1")) + 1
        lines = (tmp_path / "world").read_bytes().split(b"\n")
        lines[number - 1] = b'{"type": "dashboard", "object": {"id": "1", "dashboard_elements": [7]}}'
        skipped: worldfile.Skipped = []
        worldfile.read_lines(lines, skipped=skipped)
        (problem,) = lines_refused(made, skipped, vault)
    assert (
        (problem.type, problem.id) == ("dashboard", "1")
        and problem.name
        and problem.message.startswith("cannot be sim")
    )
    with pytest.raises(ValueError, match=f"line {number} is not an object"):
        worldfile.read_lines(lines)


def test_the_pace_is_that_of_the_last_session_unless_it_is_given(tmp_path: Path) -> None:
    destination = DestinationSettings(name="looker.example.com")
    settings = Settings(destination=destination, state=StateSettings(path=str(tmp_path / "state.db")))
    assert (rehearsal_pace(settings, None).latency_ms, rehearsal_pace(settings, None).per_second) == (ASSUMED_MS, 0)
    with StateWriter.open(tmp_path / "state.db") as writer:
        writer.begin_session(session(looker_version="25.6.0"))
        writer.record_pace(SESSION, Pace(calls=9, latency_ms=42.0, per_second=30.0, latencies_ms={"look": 9.0}))
    met = rehearsal_pace(settings, None)
    assert (met.latency_ms, met.per_second, met.release) == (42.0, 30.0, "25.6.0") and SESSION in met.sources
    set_here = rehearsal_pace(msgspec.structs.replace(settings, rate=RateSettings(per_second=5)), 0.0)
    assert (set_here.latency_ms, set_here.per_second) == (0.0, 5)
    assert (met.latencies_ms, set_here.latencies_ms) == ({"look": 9.0}, {})


def test_a_rehearsal_knows_what_the_state_file_knows_of_the_destination(tmp_path: Path) -> None:
    """A restore does not ask for the specification that is recorded, and its limiter begins with the recorded rate."""
    destination = DestinationSettings(name="looker.example.com")
    settings = Settings(destination=destination, state=StateSettings(path=str(tmp_path / "state.db")))
    inside = msgspec.structs.replace(settings, state=StateSettings(path=str(tmp_path / "inside.db")))
    specification = Specification(release="25.6.0", fields={})
    with StateWriter.open(tmp_path / "state.db") as writer:
        writer.begin_session(session())
        writer.record_pace(SESSION, Pace(calls=9, latency_ms=42.0, reached=80.0))
        writer.record_specification("looker.example.com", "25.6.0", specification)
        writer.end_session(SESSION, "finished", Totals())
    _take_records(settings, inside, "25.6.0")
    with StateReader.open(tmp_path / "inside.db") as reader:
        recent = reader.recent_pace("looker.example.com", utc_now() - timedelta(hours=1))
        assert recent is not None and recent.reached == 80.0
        assert reader.specification("looker.example.com", "25.6.0") == specification
        assert reader.last_unfinished() is None


def test_a_state_file_that_cannot_be_made_is_a_warning(tmp_path: Path) -> None:
    assert unusable_folder(tmp_path / "state.db") == ""
    assert str(tmp_path / "none") in unusable_folder(tmp_path / "none" / "state.db")


def test_the_folder_of_a_killed_rehearsal_is_removed_and_that_of_a_living_one_is_not(tmp_path: Path) -> None:
    abandoned, living = tmp_path / ".lrestore-rehearsal-a", tmp_path / ".lrestore-rehearsal-b"
    for one in (abandoned, living):
        (one / "inside").mkdir(parents=True)
    held = os.open(living, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    with scratch(tmp_path / "state.db") as own:
        assert sorted(tmp_path.iterdir()) == sorted([living, own])
    assert list(tmp_path.iterdir()) == [living]
    os.close(held)


@pytest.mark.parametrize(
    "more",
    [
        {"plan": True},
        {"verify": "after"},
        {"dry_run": True},
        {"resume": "last"},
        {"plan_out": Path()},
        {"undo": "s"},
    ],
    ids=lambda more: next(iter(more)),
)
def test_a_rehearsal_excludes_other_modes(more: dict[str, object]) -> None:
    assert "exclude each other" in complaint(Options(rehearse="backup", **more))  # type: ignore[arg-type]


def test_the_latency_is_for_rehearsals() -> None:
    assert complaint(Options(rehearse_latency=5.0)) == "--rehearse-latency is for --rehearse"


@pytest.mark.slow
def test_nothing_leaves_the_machine_and_nothing_is_left(folder: Path) -> None:
    """Every process of the command notes each address that a socket is given."""
    before = sorted(folder.iterdir())
    audit = folder / "audit" / "addresses"
    done = command(
        *("--config", "c.toml", "--select", "all", "--rehearse", "--rehearse-latency", "0", "--report", "audit/r.json"),
        cwd=folder,
        PYTHONPATH=f"{environment()['PYTHONPATH']}:{folder}/audit",
        AUDIT=str(audit),
        HTTPS_PROXY="http://proxy.example.com:3128",
        HTTP_PROXY="http://proxy.example.com:3128",
    )
    assert done.returncode == 1, done.stderr
    report = json.loads((folder / "audit" / "r.json").read_text())
    assert (report["mode"], report["destination"]["base_url"]) == ("rehearse", "simulator")
    totals = report["totals"]
    assert (totals["failed"], totals["created"], totals["updated"], totals["pending"]) == (1, 0, 0, 0)
    assert [letter["error_type"] for letter in report["dead_letters"]] == ["CorruptItemError"]
    assert report["rehearsal"]["problems"][0]["id"] == "2" and report["rehearsal"]["state_bytes"]
    addresses = audit.read_text().splitlines()
    outside = [one for one in addresses if not _STAYS_HERE.search(one)]
    assert addresses and outside == []
    assert sorted(folder.iterdir()) == before


@pytest.mark.slow
def test_a_rehearsal_makes_the_calls_of_the_run_that_follows(folder: Path, tmp_path: Path) -> None:
    loaded(folder / "vault.db", empty=True)
    with SimulatorProcess(["--world", str(folder / "vault.ndjson"), "--latency-ms", "5"]) as there:
        settings = tmp_path / "c.toml"
        settings.write_text(
            f'[source]\npath = "{folder}/vault.db"\n[destination]\nbase_url = "{there.base_url}"\nname = "dst"\n'
            f'[state]\npath = "{tmp_path}/state.db"\n'
        )
        select = ["group=2", "folder=8,9,10", "dashboard=2", "look=2"]
        with pytest.MonkeyPatch.context() as patch:
            rehearsed = lrestore.restore(settings, select=select, rehearse="empty", rehearse_latency=1.0)
            assert not (tmp_path / "state.db").exists()
            patch.setenv("LOOKERSDK_CLIENT_ID", there.client_id)
            patch.setenv("LOOKERSDK_CLIENT_SECRET", there.client_secret)
            real = lrestore.restore(settings, select=select)
    assert real.totals.created and rehearsed.totals == real.totals
    assert rehearsed.api.by_activity == real.api.by_activity and rehearsed.api.by_operation == real.api.by_operation
    assert {letter.message for letter in rehearsed.dead_letters} == {letter.message for letter in real.dead_letters}
    assert rehearsed.rehearsal is not None and rehearsed.rehearsal.undo_bytes > 0 and real.rehearsal is None
    met = Settings(destination=DestinationSettings(name="dst"), state=StateSettings(path=f"{tmp_path}/state.db"))
    assert rehearsal_pace(met, None).latency_ms >= 5


@pytest.fixture
def slow_rehearsal(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, "-m", "lrestore", "--config", "c.toml", "--select", "look=1", "--rehearse"],
        cwd=folder,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        yield process


@pytest.mark.slow
@pytest.mark.crash
def test_the_simulator_of_a_killed_rehearsal_ends(folder: Path, slow_rehearsal: subprocess.Popen[bytes]) -> None:
    assert slow_rehearsal.stderr is not None
    for line in slow_rehearsal.stderr:
        if b"nothing is sent" in line:
            break
    children = Path(f"/proc/{slow_rehearsal.pid}/task/{slow_rehearsal.pid}/children").read_text().split()
    assert children
    slow_rehearsal.send_signal(signal.SIGKILL)
    slow_rehearsal.wait()
    until_s = time.monotonic() + HANG_S
    while any(Path(f"/proc/{child}").exists() and _lives(child) for child in children):
        assert time.monotonic() < until_s
        time.sleep(0.02)
    with scratch(folder / "state.db") as own:
        assert list(folder.glob(".lrestore-rehearsal-*")) == [own]


def _lives(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
