"""Copies that were damaged end an undo with a message, or leave items as dead letters; never with a traceback."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.acceptance.instance_fixture import SMALL, InstanceFixture


@pytest.fixture(scope="module")
def undoable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[InstanceFixture, str, Path]]:
    """An instance, the id of a session that wrote to it, and a copy of that session's folder."""
    directory = tmp_path_factory.mktemp("undoable")
    with InstanceFixture(directory, sizes=SMALL) as instance:
        for look in ("1", "2", "3"):
            instance.edit("look", look, title=f"Changed {look}")
        instance.edit("dashboard", "1", title="Changed")
        session = instance.run("--select", "look=1,2,3", "--select", "dashboard=1").all_good().report["session_id"]
        whole = directory / "whole"
        shutil.copytree(directory / "state.d" / session, whole)
        yield instance, session, whole


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=40)), min_size=1, max_size=4)
)
def test_damaged_copies_never_end_in_a_traceback(
    undoable: tuple[InstanceFixture, str, Path], damage: list[tuple[float, bytes]]
) -> None:
    instance, session, whole = undoable
    folder = instance.directory / "state.d" / session
    shutil.rmtree(folder)
    shutil.copytree(whole, folder)
    (shard, *_) = sorted(folder.glob("undo-*.db"))
    content = bytearray(shard.read_bytes())
    for place, junk in damage:
        at = int(place * len(content))
        content[at : at + len(junk)] = junk
    shard.write_bytes(content)
    ran = instance.run("--undo", session, "--plan")
    assert ran.code in (0, 1, 2, 3), ran.err
    assert "internal error" not in ran.err + ran.out, ran.err
    assert ran.writes == []
