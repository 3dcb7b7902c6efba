"""Flags that contradict each other, or that a mode does not take: refused with the reason, never ignored."""

from __future__ import annotations

import os
import re

from lrestore.cli.options import GOES_ON, GUARDS, PLACEHOLDERS, SETTING_OF, Options, continues_session, flag, given
from lrestore.streams import is_own_stream
from lrestore.text.words import did_you_mean

_MODES = ("dry_run", "plan", "verify", "rehearse", "resume", "retry_dead_letters", "apply", "undo", "discard", "show")
_SELECTION = (
    *("select", "exclude", "owner", "folder", "name", "updated_since", "updated_before", "include_deleted"),
    "with_dependencies",
)
_NOT_FOR_UNDO = (
    *("identity", "if_missing", "if_different", "if_trashed", "skip_if_modified", "keep_extra", "disable_schedules"),
    *("with_dependencies", "include_deleted"),
)
_NARROWING = ("select", "exclude")
"""They choose among the dead letters that are tried again."""
_FREE_TO_APPLY = ("rate", "workers", "in_flight", "max_retries", "max_failures")
"""How a plan is carried out is not part of it."""
_NEVER_EMPTY = (
    *("owner", "folder", "name", "updated_since", "updated_before", "resume", "retry_dead_letters", "undo"),
    *("discard", "as_of", "reason", "copy_into", "title"),
)
_NOT_FOR_COPIES = (
    *("verify", "resume", "retry_dead_letters", "apply", "undo", "discard", "show"),
    *("if_missing", "if_different", "if_trashed", "skip_if_modified", "keep_extra", "allow_alert_loss"),
    "disable_schedules",
)
_READS_BACKUP = ("source", "unmapped")
"""The words of ``--show`` that read the one backup that counts."""


def complaint(options: Options) -> str:
    """The reason why these flags contradict each other, or ""."""
    checks = (
        *(_empty, _unknown_guard, _modes_clash, _selection_clash),
        *(_rehearsal_clash, _undo_clash, _as_of_clash, _copies_clash, _output_clash),
    )
    found = (check(options) for check in checks)
    return next(filter(None, found), "")


def _empty(options: Options) -> str:
    """Refuse empty values: ``--folder "$FOLDER"`` with an empty variable would select more than the script intends."""
    empty = [
        name for name in _NEVER_EMPTY if getattr(options, name) is not None and not str(getattr(options, name)).strip()
    ]
    return f"{flag(empty[0])} is empty: give it a value, or omit it" if empty else ""


def _unknown_guard(options: Options) -> str:
    unknown = next((name for name in options.override if name not in GUARDS), None)
    if unknown is None:
        return ""
    meant = did_you_mean(unknown, GUARDS)
    return f"--override {unknown}: choose from {', '.join(GUARDS)}" + (f"; {meant}" if meant else "")


def _modes_clash(options: Options) -> str:
    modes = given(options, _MODES)
    if options.plan_out and set(modes) - {"plan", "undo"}:
        return f"{flag(modes[0])} and --plan-out exclude each other"
    if options.drift_exit_code is not None and options.verify is None:
        return "--drift-exit-code is for --verify"
    if options.undo:
        modes = [mode for mode in modes if mode != "plan"]
    if continues_session(options):
        # Resuming is a restore, and with a restore --verify means to compare afterwards.
        if options.verify == "both":
            return (
                f"{flag(given(options, GOES_ON)[0])} and --verify=both exclude each other: --verify=both only compares"
            )
        modes = [mode for mode in modes if mode != "verify"]
    return f"{flag(modes[0])} and {flag(modes[1])} exclude each other" if len(modes) > 1 else ""


def _selection_clash(options: Options) -> str:
    selecting = given(options, _SELECTION)
    unshown = [name for name in selecting if options.show != "source" or name == "with_dependencies"]
    if options.show and unshown:
        return f"--show {options.show.partition('=')[0]} takes no {flag(unshown[0])}: it always shows everything"
    if options.discard and selecting:
        return f"--discard takes no {flag(selecting[0])}: it gives the whole session up"
    going_on = given(options, GOES_ON)
    known = "plan" if options.apply else "session"
    if options.retry_dead_letters:
        selecting = [name for name in selecting if name not in _NARROWING]
    if going_on and selecting:
        return f"{flag(going_on[0])} takes no {flag(selecting[0])}: it uses the selection of its {known}"
    free = _FREE_TO_APPLY if options.apply else ("rate",)
    ways = given(options, (*(name for name in SETTING_OF if name not in free), "allow_alert_loss", "disable_schedules"))
    if going_on and ways:
        return f"{flag(going_on[0])} takes no {flag(ways[0])}: it uses the settings of its {known}"
    return ""


def _rehearsal_clash(options: Options) -> str:
    if options.rehearse_latency is not None and not options.rehearse:
        return "--rehearse-latency is for --rehearse"
    return ""


def _undo_clash(options: Options) -> str:
    undoing = given(options, ("undo_created", "force"))
    if undoing and not options.undo:
        return f"{flag(undoing[0])} is for --undo SESSION"
    meaningless = given(options, _NOT_FOR_UNDO)
    if options.undo and meaningless:
        return f"--undo takes no {flag(meaningless[0])}: it undoes exactly what the session changed"
    return ""


def _copies_clash(options: Options) -> str:
    if options.title and not options.copy_into:
        return "--title is for the copies of --copy-into FOLDER"
    if options.verify in ("alone", "both") and options.copy_into:
        return "--copy-into makes copies: compare them with --verify=after, or later with --resume SESSION --verify"
    others = [name for name in given(options, _NOT_FOR_COPIES) if name != "verify"]
    if options.copy_into and others:
        return f"--copy-into takes no {flag(others[0])}: it makes new objects and writes nothing that exists"
    if options.copy_into and re.search(r"[\s/]", options.copy_into.strip()):
        return f"--copy-into takes the id of a folder of the destination, not {options.copy_into!r}"
    return _wrong_title(options.title or "")


def _wrong_title(template: str) -> str:
    unknown = next((name for name in re.findall(r"\{(\w*)\}", template) if name not in PLACEHOLDERS), None)
    if unknown is None:
        return ""
    known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    return f"--title has no placeholder {{{unknown}}}: it has {known}"


def _as_of_clash(options: Options) -> str:
    """A session and a plan know their backup; copies of a session are none."""
    if not options.as_of:
        return ""
    known = given(options, (*GOES_ON, "undo", "discard"))
    if known:
        return f"{flag(known[0])} takes no --as-of: which backup it reads is recorded"
    what = (options.show or "source").partition("=")[0]
    return "" if what in _READS_BACKUP else f"--show {what} takes no --as-of"


def _output_clash(options: Options) -> str:
    if options.format and not options.show:
        return "--format applies only to --show; --report writes JSON"
    if options.reason and (options.show or options.discard):
        return "--reason applies only to runs"
    if options.verbose and options.quiet:
        return "--verbose and --quiet exclude each other"
    return _files_clash(options)


_FILES = ("report", "html", "summary", "events", "metrics", "plan_out", "log_file")
"""Files that a run writes."""
_OF_RUNS = ("report", "html", "summary", "events", "metrics")


def _files_clash(options: Options) -> str:
    named = [(name, os.path.realpath(getattr(options, name))) for name in given(options, _FILES)]
    for number, (name, path) in enumerate(named):
        twin = next((other for other, same in named[number + 1 :] if same == path), None)
        if twin is not None and not is_own_stream(path):
            return f"{flag(name)} and {flag(twin)} name the same file"
    conflicting = given(options, _OF_RUNS)
    if conflicting and (options.show or options.discard):
        return f"{flag(conflicting[0])} applies only to runs; --show and --discard write to stdout"
    return ""
