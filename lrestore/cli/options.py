"""Every flag of the command, in one dataclass from which argparse-dataclass makes the parser.

Annotations are evaluated here (no ``from __future__ import annotations``): argparse-dataclass reads them as types.
Importing this module must stay cheap: ``--help`` and ``--version`` load nothing else of lrestore.
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Optional

from lrestore.cli.flag_types import (
    at_least_one,
    drift_code,
    duration_s,
    failures_limit,
    milliseconds,
    per_second,
    shown,
    zero_or_more,
)
from lrestore.json_types import JsonObject

WHAT, MODE, HOW, LIMITS, OUTPUT = "what to restore", "modes (default: restore)", "how", "limits", "output"
LAST = "last"

EXAMPLES = """\
examples:
  lrestore --select dashboard=42 --plan
      what would change, field by field; nothing is written
  lrestore --select dashboard=42 --copy-into 7
      look at it first: a copy in folder 7, nothing else is written
  lrestore --select all --exclude user --verify=after
      everything but users, then read again and compare
  lrestore --show source --format csv > list.csv
      what the backup holds; edit it, then --select @list.csv
  lrestore --print-config demo > demo.toml
      try it out: a simulated Looker for lrestore --config demo.toml

exit codes: 0 all done, 1 dead letters or differences, 2 usage or settings,
3 not started (nothing was written), 4 stopped early, 130/143 interrupted
"""


def _flag(group: str, help: str, **metadata: Any) -> Any:
    default = metadata.pop("default", None)
    return field(default=default, metadata={"group": group, "help": help, **metadata})


def _switch(group: str, help: str, *short: str) -> Any:
    metadata: JsonObject = {"group": group, "help": help}
    return field(default=False, metadata={**metadata, "args": short} if short else metadata)


def _list(group: str, help: str, metavar: str) -> Any:
    metadata = {"group": group, "help": help, "metavar": metavar, "action": "append", "type": str}
    return field(default_factory=list, metadata=metadata)


def _optional(group: str, help: str, const: str, **metadata: Any) -> Any:
    """A flag with an optional value; without it the value is ``const``."""
    return _flag(group, help, nargs="?", const=const, type=str, **metadata)


@dataclass(frozen=True, kw_only=True)
class Options:
    """The command line, parsed. None: not given, so that environment, file or default decide."""

    select: list[str] = _list(WHAT, "all, TYPE, TYPE=ID[,ID...] or @FILE (one per line); repeatable", "SPEC")
    exclude: list[str] = _list(WHAT, "remove these items from the selection; same grammar, repeatable", "SPEC")
    owner: Optional[str] = _flag(WHAT, "only items that this user owns", metavar="ID-OR-EMAIL")
    folder: Optional[str] = _flag(WHAT, "only items in this folder or in a folder below it", metavar="ID")
    name: Optional[str] = _flag(WHAT, "only items whose name matches, such as 'Sales*'", metavar="GLOB")
    updated_since: Optional[str] = _flag(WHAT, "only items that were updated on this date or later", metavar="DATE")
    updated_before: Optional[str] = _flag(WHAT, "only items that were updated before this date", metavar="DATE")
    include_deleted: bool = _switch(WHAT, "include rows that the backup marks as deleted")
    as_of: Optional[str] = _flag(
        WHAT,
        "of several backups that [source] path names, the newest that is not younger than this date",
        metavar="DATE",
    )
    with_dependencies: Optional[str] = _optional(
        WHAT,
        "add all items of the backup that the selection refers to; content: no users, groups, roles and sets",
        const="all",
        choices=("all", "content"),
        metavar="content",
    )

    dry_run: bool = _switch(MODE, "make no API call: read, validate and order the backup's objects")
    plan: bool = _switch(MODE, "read the destination and write nothing: show what would be done, and the calls")
    verify: Optional[str] = _optional(
        MODE,
        "compare only, exit 1 if anything differs; both: also list what only Looker has; after, or with --resume: "
        "compare after the restore",
        const="alone",
        choices=("alone", "after", "both"),
        metavar="both|after",
    )
    drift_exit_code: Optional[int] = _flag(
        MODE,
        "with --verify: the exit code if anything differs and nothing failed (default: 1)",
        type=drift_code,
        metavar="N",
    )
    rehearse: Optional[str] = _optional(
        MODE,
        "restore into a simulated Looker on this machine that holds the backup's objects (=empty: none), and report",
        const="backup",
        choices=("backup", "empty"),
        metavar="empty",
    )
    resume: Optional[str] = _optional(
        MODE, "resume the last unfinished session, or the named one", LAST, metavar="SESSION"
    )
    retry_dead_letters: Optional[str] = _optional(
        MODE,
        "try the dead letters of the last session, or of the named one, again; --select narrows them",
        LAST,
        metavar="SESSION",
    )
    undo: Optional[str] = _flag(
        MODE, "undo what that session changed, from the copies that it took; also with --plan", metavar="SESSION"
    )
    plan_out: Optional[Path] = _flag(MODE, "like --plan, and save the plan in FILE for --apply", metavar="FILE")
    apply: Optional[Path] = _flag(
        MODE, "carry out only a saved plan; objects that changed since are listed and not written", metavar="FILE"
    )
    discard: Optional[str] = _flag(
        MODE, "discard an unfinished session: --resume does not choose it any more", metavar="SESSION"
    )
    show: Optional[str] = _flag(
        MODE,
        "sessions, session[=ID], diff=SESSION (what it changed), dead-letters[=SESSION], mappings[=TYPE[=ID]], "
        "unmapped[=TYPE], source, "
        "history=TYPE=ID (one object through all backups), changes=A..B (between two backups): no API call",
        type=shown,
        metavar="WHAT",
    )

    config: Optional[Path] = _flag(
        HOW, "settings file (default: lrestore.toml in the working directory, if it exists)", metavar="FILE"
    )
    identity: Optional[str] = _flag(
        HOW,
        "whether the destination is the instance of the backup (default: auto, determined before the first write)",
        choices=("auto", "same-instance", "cross-instance"),
    )
    if_missing: Optional[str] = _flag(
        HOW,
        "what to do with an object that is not in the destination (default: create)",
        choices=("create", "skip", "fail"),
    )
    if_different: Optional[str] = _flag(
        HOW,
        "what to do with an object that exists and differs (default: update); skip: only what is lost comes back",
        choices=("update", "skip"),
    )
    if_trashed: Optional[str] = _flag(
        HOW, "what to do with an object that is in the trash (default: restore)", choices=("restore", "skip")
    )
    copy_into: Optional[str] = _flag(
        HOW,
        "copy the selected looks and dashboards into this folder of the destination, beside what exists: nothing that "
        "exists is written, and --undo takes the copies away",
        metavar="FOLDER",
    )
    title: Optional[str] = _flag(
        HOW,
        "titles of the copies of --copy-into, with {title}, {date} and {id} (default: '{title} (backup {date})')",
        metavar="TEMPLATE",
    )
    undo_created: Optional[str] = _flag(
        HOW,
        "what --undo does with objects that the session created: move dashboards and looks to the trash (default), "
        "delete all, keep all",
        choices=("trash", "delete", "keep"),
    )
    force: bool = _switch(HOW, "with --undo: also restore objects that were changed since that session")
    skip_if_modified: bool = _switch(HOW, "skip objects that were changed in Looker after the backup")
    keep_extra: bool = _switch(HOW, "keep tiles, filters, members that the live object has and the backup lacks")
    allow_alert_loss: bool = _switch(HOW, "allow deleting or recreating tiles that have live alerts")
    disable_schedules: bool = _switch(HOW, "restore scheduled plans switched off")
    override: list[str] = _list(
        LIMITS, "let this one run pass max_backup_age, max_updates or max_deletions; repeatable", "GUARD"
    )
    reason: Optional[str] = _flag(HOW, "why; kept with the session and in the report", metavar="TEXT")
    yes: bool = _switch(HOW, "don't ask before a large restore")

    workers: Optional[int] = _flag(LIMITS, "worker processes", type=at_least_one, metavar="N")
    in_flight: Optional[int] = _flag(LIMITS, "concurrent calls per worker", type=at_least_one, metavar="N")
    max_retries: Optional[int] = _flag(LIMITS, "how often a call is repeated", type=zero_or_more, metavar="N")
    rate: Optional[float] = _flag(LIMITS, "maximum calls per second (0: measured)", type=per_second, metavar="N")
    max_failures: Optional[str] = _flag(
        LIMITS, "stop once this many items have failed: 20 or 5%%", type=failures_limit, metavar="N-or-P%"
    )
    rehearse_latency: Optional[float] = _flag(
        LIMITS,
        "with --rehearse: time of an answer (default: what the last session of this destination met)",
        type=milliseconds,
        metavar="MS",
    )
    max_calls: Optional[int] = _flag(LIMITS, "stop after this many calls", type=at_least_one, metavar="N")
    max_runtime: Optional[float] = _flag(
        LIMITS, "stop after this time: 2h, 90s, 1h30m", type=duration_s, metavar="TIME"
    )

    report: Optional[Path] = _flag(OUTPUT, "write the report to this file, as JSON", metavar="FILE")
    html: Optional[Path] = _flag(OUTPUT, "write the report to this file, as one HTML page for people", metavar="FILE")
    metrics: Optional[Path] = _flag(OUTPUT, "write measurements to this file, for Prometheus", metavar="FILE")
    summary: Optional[Path] = _flag(
        OUTPUT, "write a summary to this file, as Markdown: deletions first, under 60,000 characters", metavar="FILE"
    )
    events: Optional[Path] = _flag(
        OUTPUT, "write what happens to this file, as it happens: one JSON object per line", metavar="FILE"
    )
    format: Optional[str] = _flag(OUTPUT, "output format of --show (default: table)", choices=("table", "json", "csv"))
    log_format: Literal["text", "json"] = _flag(OUTPUT, "format of the log (default: text)", default="text")
    log_file: Optional[Path] = _flag(OUTPUT, "also write the log to this file", metavar="FILE")
    verbose: bool = _switch(OUTPUT, "log more, and list every item and field", "-v", "--verbose")
    quiet: bool = _switch(OUTPUT, "show no progress, log only warnings and errors", "-q", "--quiet")


SETTING_OF: Mapping[str, str] = {
    "workers": "run.workers",
    "in_flight": "run.in_flight",
    "max_retries": "run.max_retries",
    "identity": "run.identity",
    "if_missing": "run.if_missing",
    "if_different": "run.if_different",
    "if_trashed": "run.if_trashed",
    "max_failures": "run.max_failures",
    "skip_if_modified": "run.skip_if_modified",
    "keep_extra": "run.keep_extra",
    "rate": "rate.per_second",
}
"""Flags that override a setting."""

PLACEHOLDERS = ("title", "date", "id")
"""The placeholders of ``--title``."""

GUARDS = ("max_backup_age", "max_updates", "max_deletions")
"""Limits of the settings that ``--override`` lets a run pass."""

GOES_ON = ("resume", "retry_dead_letters", "apply")
"""Modes that take their selection from what was begun or planned before."""


def continues_session(options: Options) -> bool:
    """Whether what to restore is known from a session or a plan, and not from a selection."""
    return bool(given(options, GOES_ON))


def flag_settings(options: Options) -> dict[str, object]:
    """The settings that flags were given for."""
    given = {setting: getattr(options, name) for name, setting in SETTING_OF.items()}
    return {setting: value for setting, value in given.items() if value is not None and value is not False}


def command_words(options: Options, *words: str) -> str:
    """The command of these words with the same settings file, as users type it."""
    config = ("--config", str(options.config)) if options.config else ()
    return shlex.join(("lrestore", *config, *words))


def flag(name: str) -> str:
    """The flag of a field of Options."""
    return "--" + name.replace("_", "-")


def given(options: Options, names: Sequence[str]) -> list[str]:
    """Those of the fields that were given."""
    return [name for name in names if getattr(options, name) not in (None, False, [])]
