"""The records of a run are saved where there is room for them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from lrestore.run.finish.rescue import rescue
from lrestore.state.read import StateReader
from lrestore.state.writer import StateWriter
from tests.state.builders import SESSION, session


def test_records_are_saved_elsewhere_if_they_cannot_be_saved_beside_the_state_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    state, elsewhere = tmp_path / "state.db", tmp_path / "tmp"
    elsewhere.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    with StateWriter.open(state) as writer:
        writer.begin_session(session())
    with StateReader.open(state) as reader:
        # Something is in the way beside the state file; the second time in the other folder, too.
        (tmp_path / f"state.db.rescued-{SESSION}").touch()
        assert rescue(reader, state, SESSION)
        saved = elsewhere / f"state.db.rescued-{SESSION}"
        assert f"mv {saved} {state}" in caplog.text
        with StateReader.open(saved) as copy:
            assert copy.session().id == SESSION
        assert not rescue(reader, state, SESSION)
    assert "could not save the records of this session, so it cannot be resumed" in caplog.text
