"""Where the undo copies of sessions lie, and which of these folders are removed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path

from lrestore.state.connection import state_errors
from lrestore.state.open_file import sync_folder

PLAN_COPY = "plan.json"
"""The copy of the plan that a session applies. It stays as long as the shards."""


_SESSION_FOLDER = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")


def make_directory(directory: Path) -> None:
    """Create the folder of a session, private and durable. Raises OSError."""
    for folder in (directory.parent, directory):
        if not folder.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)
            sync_folder(folder.parent)


def state_folder(state_path: Path | str) -> Path:
    """The folder beside the state file: ``lrestore-state.db`` → ``lrestore-state.d``."""
    path = Path(state_path)
    return path.with_suffix(".d") if path.suffix == ".db" else path.with_name(f"{path.name}.d")


def undo_directory(state_path: Path | str, session_id: str) -> Path:
    """The folder of the shards of one session."""
    return state_folder(state_path) / session_id


def clear_all_but_copies(directory: Path | str) -> None:
    """Remove the files that a run, or an earlier start of it that was killed, has put beside the shards of its session.

    A folder with other files in it would never be pruned. Raises StateError if a file cannot be removed.
    """
    folder = Path(directory)
    with state_errors(folder):
        for entry in list(folder.iterdir()) if folder.is_dir() else []:
            if not _stays(entry.name):
                entry.unlink(missing_ok=True)


def prune(state_path: Path | str, keep_days: int, now: datetime, unfinished: Collection[str]) -> list[str]:
    """Remove the undo shards of sessions that ended longer than ``keep_days`` ago, never those of ``unfinished`` ones.

    Only folders named like a session, with nothing but shards in them, are removed.
    Returns the ids of the sessions; raises StateError when one cannot be removed.
    """
    root = state_folder(state_path)
    before = (now - timedelta(days=keep_days)).timestamp()
    with state_errors(root):
        found = sorted(root.iterdir()) if root.is_dir() else []
        old = [entry for entry in found if entry.name not in unfinished and _is_session(entry) and _age(entry) < before]
        for entry in old:
            shutil.rmtree(entry)
    return [entry.name for entry in old]


def _is_session(entry: Path) -> bool:
    names = [file.name for file in entry.iterdir()] if entry.is_dir() and not entry.is_symlink() else [""]
    return _SESSION_FOLDER.fullmatch(entry.name) is not None and all(map(_stays, names))


def _stays(name: str) -> bool:
    """Whether a file in the folder of a session is kept when the session has ended."""
    return name.startswith("undo-") or name == PLAN_COPY


def _age(session_folder: Path) -> float:
    """The time of the last write in the folder, in seconds since the epoch."""
    return max(entry.stat().st_mtime for entry in (session_folder, *session_folder.iterdir()))
