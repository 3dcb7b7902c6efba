"""``--show diff``: what a session changed, field by field, from the files beside the state file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lrestore.cli import formats
from lrestore.cli.results import style_of_stdout
from lrestore.report import text
from lrestore.report.model import Item
from lrestore.run.undo.changes import changes_of
from lrestore.state.read import StateReader
from lrestore.state.records import RestorationSession
from lrestore.state.undo_folder import undo_directory
from lrestore.text.storable import to_json

_COLUMNS = ("spec", "name", "outcome", "path", "old", "new")


def diff(state: StateReader, session: RestorationSession, state_path: Path, form: str) -> str:
    """The changes as a text, a JSON list or CSV rows. Raises StateError if a copy cannot be read."""
    items = list(changes_of(state, session, undo_directory(state_path, session.id)))
    if form == "json":
        return formats.as_json(items)
    if form == "csv":
        return formats.comma_separated(_COLUMNS, _rows(items))
    if not items:
        return f"session {session.id} wrote nothing, or its copies were removed\n"
    return text.change_lines(items, style_of_stdout(full=True))


def _rows(items: list[Item]) -> Iterator[tuple[object, ...]]:
    for item in items:
        head = (f"{item.type}={item.id}", item.name, item.outcome)
        for change in item.changes:
            yield (*head, change.path, to_json(change.old), to_json(change.new))
        for gone in item.deletions:
            yield (*head, f"{gone.type} {gone.id}", to_json(gone.name), None)
