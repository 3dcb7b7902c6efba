"""``--show``: prints the content of the state file or the backup. Read-only, no API call, no credentials."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from lrestore.cli import formats as tables
from lrestore.cli.invocation import settings_of
from lrestore.cli.options import LAST, Options, command_words
from lrestore.cli.results import style_of_stdout
from lrestore.cli.show_mappings import mappings, unmapped
from lrestore.cli.show_source import source
from lrestore.content.canonical import parse_moment
from lrestore.json_types import JsonObject
from lrestore.messages import Totals
from lrestore.report.causes import cause_of
from lrestore.report.failures import closed, dead_letters
from lrestore.report.model import By
from lrestore.run.audit import age
from lrestore.settings import Settings
from lrestore.state.read import StateReader
from lrestore.state.records import DeadLetterItem, RestorationSession
from lrestore.text.terminal import columns, plain
from lrestore.text.words import counted

_SESSIONS = (
    "session",
    "status",
    "mode",
    "started_at",
    "source",
    "destination",
    *Totals.__struct_fields__,
    "by",
    "reason",
)
_LETTERS = ("spec", "name", "session", "error_type", "http_status", "message", "retries", "failed_at", "resolved_by")


def show(options: Options, environ: Mapping[str, str]) -> Iterable[str]:
    """The text for stdout, in pieces. Raises RunError, maybe after some of them: exit code 2 if something does not
    exist, 3 if it cannot be read.
    """
    what, _, argument = (options.show or "").partition("=")
    form = options.format or "table"
    settings = settings_of(options, environ)
    if what in ("history", "changes"):
        from lrestore.cli import show_backups

        shown = show_backups.history if what == "history" else show_backups.backup_changes
        return shown(settings, argument, form, full=options.verbose)
    return [_shown(settings, what, argument, options)]


def _shown(settings: Settings, what: str, argument: str, options: Options) -> str:
    form = options.format or "table"
    if what == "source":
        return source(settings, options)
    with StateReader.open(settings.state.path) as state:
        if what == "unmapped":
            style = style_of_stdout(full=options.verbose)
            return unmapped(settings, state, argument, form, style, as_of=options.as_of or "")
        return _recorded(state, what, argument, options, Path(settings.state.path))


def _recorded(state: StateReader, what: str, argument: str, options: Options, path: Path) -> str:
    """The part of the state file, at ``path``, that is asked for."""
    form = options.format or "table"
    if what == "sessions":
        return _sessions(state.sessions(), form)
    if what == "session":
        return _session(state, state.session(argument or LAST), options)
    if what == "diff":
        from lrestore.cli.show_diff import diff

        return diff(state, state.session(argument or LAST), path, form)
    if what == "dead-letters":
        return _dead_letters(state, argument, options)
    return mappings(state, argument, form, style_of_stdout(full=options.verbose))


def _sessions(sessions: list[RestorationSession], form: str) -> str:
    if form == "json":
        return tables.as_json([_session_as_json(session) for session in sessions])
    rows = [
        (
            session.id,
            session.state,
            session.mode,
            session.started_at,
            session.source_instance,
            session.destination,
            *(getattr(session.totals, name) for name in Totals.__struct_fields__),
            _named(session),
            session.reason,
        )
        for session in sessions
    ]
    if form == "csv":
        return tables.comma_separated(_SESSIONS, rows)
    table, width = tables.text_table(_SESSIONS, rows), style_of_stdout(full=False).width
    fits = not width or max(map(columns, table.splitlines())) <= width
    return table if fits else "".join(map(_briefly, sessions))


def _briefly(session: RestorationSession) -> str:
    """A session in some lines, for a terminal that is narrower than the table."""
    counts = {name: getattr(session.totals, name) for name in Totals.__struct_fields__}
    text = ", ".join(f"{count} {name}" for name, count in counts.items() if count or name == "selected")
    way = " → ".join(plain(end) for end in (session.source_instance, session.destination) if end)
    why = f": {plain(session.reason)}" if session.reason else ""
    lines = (
        f"{session.id}  {session.state} {session.mode}, {session.started_at}",
        f"    {text}",
        f"    {way}, by {plain(_named(session))}{why}",
    )
    return "".join(f"{line}\n" for line in lines)


def _session(state: StateReader, session: RestorationSession, options: Options) -> str:
    form = options.format or "table"
    by_type = state.totals_by_type(session.id)
    if form == "json":
        return tables.as_json({**_session_as_json(session), "by_type": by_type})
    counts = [(name, *msgspec.structs.astuple(totals)) for name, totals in by_type.items()]
    header = ("type", *Totals.__struct_fields__)
    if form == "csv":
        return tables.comma_separated(header, counts)
    facts = [
        ("session", session.id),
        ("status", session.state + (" (resumable)" if session.resumable else "")),
        ("mode", session.mode),
        ("started", session.started_at),
        ("ended", session.ended_at),
        ("not attempted", counted(session.totals.pending, "item") if session.totals.pending else ""),
        ("reason", session.reason),
        ("by", f"{_named(session)} on {session.host}" if session.host else ""),
        ("command", session.command),
        ("backup", f"{session.source_instance}: {', '.join(session.source_paths)}"),
        ("fingerprint", session.source_fingerprint),
        ("backed up", _backed_up(session)),
        ("destination", f"{session.destination}: {session.base_url} as {session.user}"),
        ("Looker", session.looker_version),
        ("lrestore", session.lrestore_version),
        ("undo", _undo(state, session, options)),
    ]
    return tables.facts(facts) + "\n" + tables.text_table(header, counts, style_of_stdout(full=False).width)


def _session_as_json(session: RestorationSession) -> JsonObject:
    """The session, and in ``by`` its first caller as the report names it."""
    by = By(session.user, session.os_user, session.host, session.lrestore_version, session.command)
    return {**msgspec.to_builtins(session), "by": msgspec.to_builtins(by), "backup_age_s": _age_s(session)}


def _named(session: RestorationSession) -> str:
    """The user in Looker, and the user of the operating system where that is on record."""
    return f"{session.user} ({session.os_user})" if session.os_user else session.user


def _age_s(session: RestorationSession) -> float | None:
    """The age of the backup when the session began."""
    made, began = parse_moment(session.backed_up_at), parse_moment(session.started_at)
    return None if made is None or began is None else (began - made).total_seconds()


def _backed_up(session: RestorationSession) -> str:
    made, began = parse_moment(session.backed_up_at), parse_moment(session.started_at)
    return "" if made is None or began is None else f"{session.backed_up_at} ({age(made, began)} at the start)"


def _undo(state: StateReader, session: RestorationSession, options: Options) -> str:
    """The effects of an undo of the session, as far as they are recorded; "" if there is nothing to undo."""
    written = Counter(outcome for outcome in state.outcomes(session.id).values() if outcome in ("created", "updated"))
    if not written:
        return ""
    trashed = sum(one.type in ("dashboard", "look") for one in state.made(session.id) if not one.part)
    parts = [f"puts {counted(written['updated'], 'object')} back"] if written["updated"] else []
    parts += (
        [f"moves {counted(trashed, 'new dashboard or look', 'new dashboards and looks')} to the trash"]
        if trashed
        else []
    )
    kept = written["created"] - trashed
    parts += [f"keeps {counted(kept, 'other new object')}"] if kept > 0 else []
    return f"{', '.join(parts)}: {command_words(options, '--undo', session.id)}"


def _dead_letters(state: StateReader, reference: str, options: Options) -> str:
    """All open dead letters, or those of one session, including ones that were restored since."""
    form, style = options.format or "table", style_of_stdout(full=options.verbose)
    letters = list(state.dead_letters(state.session(reference).id) if reference else state.open_dead_letters())
    if form == "json":
        return tables.as_json([_letter_as_json(letter) for letter in letters])
    if form == "csv":
        return tables.comma_separated(_LETTERS, map(_letter_row, letters))
    if not letters:
        return "no dead letters\n"
    still = [item for item in letters if not item.resolved_by]
    restored = [(item.letter, item.resolved_by) for item in letters if item.resolved_by]
    return dead_letters([item.letter for item in still], style) + closed(restored, style) + _next_step(still, options)


def _next_step(letters: list[DeadLetterItem], options: Options) -> str:
    """The commands that try them again: one for each session."""
    sessions = dict.fromkeys(item.session_id for item in letters)
    return "".join(f"retry with: {command_words(options, '--retry-dead-letters', session)}\n" for session in sessions)


def _letter_as_json(item: DeadLetterItem) -> dict[str, object]:
    letter: dict[str, object] = msgspec.to_builtins(item.letter)
    return {
        "session_id": item.session_id,
        **letter,
        "cause": cause_of(item.letter),
        "content_bytes": item.content_bytes,
        "resolved_by": item.resolved_by or None,
    }


def _letter_row(item: DeadLetterItem) -> tuple[object, ...]:
    letter = item.letter
    spec = f"{letter.type}={letter.id}"
    return (
        *(spec, letter.name, item.session_id, letter.error_type, letter.status),
        *(letter.message, letter.retries, letter.failed_at, item.resolved_by),
    )
