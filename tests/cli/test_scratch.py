"""The folder of a rehearsal."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrestore.cli.rehearsal.scratch import scratch
from lrestore.errors import StateError


def test_a_place_where_no_folder_can_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = f"cannot make a folder for the rehearsal in {tmp_path / 'file'}: Not a directory"
    with pytest.raises(StateError, match=said), scratch(tmp_path / "file" / "state.db"):
        pass
