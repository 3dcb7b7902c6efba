"""Saves the records of a run whose state file was removed or replaced while it was in use."""

from __future__ import annotations

import logging
import shlex
import tempfile
from pathlib import Path

from lrestore.errors import StateError
from lrestore.state.read import StateReader

log = logging.getLogger(__name__)


def rescue(reader: StateReader, state: Path, session_id: str) -> bool:
    """Save the records that ``reader``, opened before, can still read, and log how to resume; False if that fails."""
    reasons = []
    for folder in (state.absolute().parent, Path(tempfile.gettempdir())):
        target = folder / f"{state.name}.rescued-{session_id}"
        try:
            reader.save(target)
        except StateError as error:
            reasons.append(str(error))
            continue
        beside = shlex.join(["rm", "-f", f"{state}-wal", f"{state}-shm"])
        back = shlex.join(["mv", str(target), str(state)])
        log.error(
            "saved the records of this session to %s; before you resume, put them back: %s; %s",
            target,
            beside,
            back,
        )
        return True
    log.error(
        "could not save the records of this session, so it cannot be resumed: %s. A new session finds restored "
        "items unchanged, but may create again objects that cannot be found by id or name",
        "; ".join(reasons),
    )
    return False
