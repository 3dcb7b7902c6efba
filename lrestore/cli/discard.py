"""``--discard``: marks an unfinished session, so that ``--resume`` does not choose it any more. No API call."""

from __future__ import annotations

from collections.abc import Mapping

from lrestore.cli.invocation import settings_of
from lrestore.cli.options import Options, command_words
from lrestore.cli.settings_files import forget
from lrestore.errors import UsageError
from lrestore.state.lock import RunLock
from lrestore.state.read import StateReader
from lrestore.state.writer import StateWriter


def discard(options: Options, environ: Mapping[str, str]) -> str:
    """Discard the session; returns the text for stdout. Raises UsageError if the session is unknown, finished or
    discarded, LockHeldError if a run uses the state file, StateError if that cannot be written.
    """
    state = settings_of(options, environ).state.path
    with StateReader.open(state) as reader:
        session = reader.session(options.discard or "")
    if not session.resumable:
        raise UsageError(f"session {session.id} is {session.state}: there is nothing to discard")
    with RunLock(state), StateWriter.open(state) as writer:
        writer.discard_session(session.id)
    forget(session.id, environ)
    return (
        f"session {session.id} is discarded: --resume no longer chooses it\n"
        f"its changes stay; undo them with: {command_words(options, '--undo', session.id)}\n"
    )
