"""The journal for items that are restored in this process: it writes the state file itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lrestore.clock import utc_now
from lrestore.run.job import Job
from lrestore.run.journal.mappings import Mappings
from lrestore.run.journal.records import apply_record
from lrestore.run.journal.session import SessionJournal
from lrestore.state.read import StateReader
from lrestore.state.undo import UndoJournal
from lrestore.state.undo_folder import undo_directory
from lrestore.state.writer import StateWriter


@contextmanager
def recorded_here(job: Job) -> Iterator[tuple[StateWriter, SessionJournal]]:
    """The state file of ``job``, open for writing, and the journal that writes to it.

    Raises StateError if the state file cannot be written.
    """
    state = Path(job.settings.state.path)
    with (
        StateWriter.open(state, now=utc_now) as writer,
        StateReader.open(state) as reader,
        UndoJournal(undo_directory(state, job.session_id), worker=0) as undo,
    ):
        yield (
            writer,
            SessionJournal(
                lambda record: apply_record(writer, job.session_id, record),
                lambda: None,
                reader,
                undo,
                job.session_id,
                Mappings(reader, job.ordinary_route, job.request.beside),
            ),
        )
