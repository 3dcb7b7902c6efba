"""Files may be called anything: a bulk run, a retry and undo copies work with every name that a disk takes."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from lrestore.simulator.world.world import Sizes
from lrestore.state.undo_folder import state_folder
from lrestore.state.undo_log import read_undo
from tests.acceptance.instance_fixture import InstanceFixture

SIZES = Sizes(users=2, groups=1, folders=4, depth=2, looks=14, dashboards=2, tiles=2, filters=1, boards=0, plans=0)
NAMES = {
    "query": "a?mode=memory&immutable=1",
    "fragment-and-escape": "#b%41",
    "quotes-and-globs": ' it\'s  "quoted" [ab]* %s {0} ${ ',
    "unicode": "ünï-日本\ntwo lines",
    "no-utf-8": os.fsdecode(b"caf\xe9"),
    "memory": ":memory:",
}


@pytest.mark.parametrize("name", list(NAMES.values()), ids=list(NAMES))
def test_a_bulk_run_works_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    with InstanceFixture(tmp_path, sizes=SIZES) as instance:
        # The dead letter of such a look is too large for the pipe to the writer.
        instance.spoil("look", "3", b"\xc1" + b"no msgpack" * 2000)
        for number in range(4, 15):
            instance.edit("look", str(number), title=f"drifted {number}")
        backup, state, report = (folder / f"{name}{end}" for end in (".vault.db", ".state", ".json"))
        instance.backup.rename(backup)
        instance.extra_environment = {"LRESTORE_SOURCE_PATH": str(backup), "LRESTORE_STATE_PATH": str(state)}
        ran = instance.process("--select", "look", "--report", str(report))
        assert ran.code == 1, ran.err
        told = msgspec.json.decode(report.read_bytes())
        assert (told["totals"]["updated"], told["totals"]["failed"]) == (11, 1)
        session = state_folder(state) / told["session_id"]
        assert len(read_undo(session)) == 11
        again = instance.process("--retry-dead-letters")
        assert again.code == 1, again.err
    assert {entry.name for entry in tmp_path.iterdir()} <= {name, "report.json"}
