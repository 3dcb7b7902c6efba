"""Every flag of the command, in one dataclass from which argparse-dataclass makes the parser.

Annotations are evaluated here (no ``from __future__ import annotations``): argparse-dataclass reads them as types.
Importing this module must stay cheap: ``--help`` and ``--version`` load nothing else of lrestore.
"""

import argparse
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, Optional

from argparse_dataclass import ArgumentParser

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
from lrestore.cli.print_flags import CONFIGS, SHELLS, PrintCompletion, PrintConfig
from lrestore.json_types import JsonObject
from lrestore.streams import is_own_stream
from lrestore.text.words import did_you_mean
from lrestore.version import __version__

WHAT, MODE, HOW, LIMITS, OUTPUT = "what to restore", "modes (default: restore)", "how", "limits", "output"
LAST = "last"

EXAMPLES = """\
examples:
  lrestore --select dashboard=42 --plan                 what would change, field by field; nothing is written
  lrestore --select dashboard=42 --copy-into 7          look at it first: a copy in folder 7, nothing else is written
  lrestore --select all --exclude user --verify=after   everything but users, then read again and compare
  lrestore --show source --format csv > list.csv        what the backup holds; edit it, then --select @list.csv
  lrestore --print-config demo > demo.toml              try it out: a simulated Looker for lrestore --config demo.toml

exit codes: 0 all done, 1 dead letters or differences, 2 usage or settings, 3 not started (nothing was written),
4 stopped early, 130/143 interrupted
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
    verbose: bool = _switch(OUTPUT, "log more", "-v", "--verbose")
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
GOES_ON = ("resume", "retry_dead_letters", "apply")
"""Modes that take their selection from what was begun or planned before."""
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


class _Parser(ArgumentParser[Options]):  # type: ignore[misc]
    """Puts each flag into its group, and adds ``action`` and ``const``, which argparse-dataclass does not support."""

    def __init__(self) -> None:
        self._by_name = {option.name: option for option in fields(Options)}
        self._groups: JsonObject = {}
        super().__init__(
            Options,
            prog="lrestore",
            usage="%(prog)s [--config FILE] --select SPEC [...] [--plan | --dry-run | --verify] [more flags]\n"
            "       %(prog)s --show WHAT [--format table|json|csv]",
            description="Restores Looker content from a LookerVault backup into a running Looker, through its API.",
            epilog=EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self._group(OUTPUT).add_argument("--version", action="version", version=f"%(prog)s {__version__}")
        printing: JsonObject = {"default": argparse.SUPPRESS, "dest": argparse.SUPPRESS}
        self._group(OUTPUT).add_argument(
            "--print-config",
            action=PrintConfig,
            choices=CONFIGS,
            help="print a settings file to begin with: of the demo, or with every setting",
            **printing,
        )
        self._group(OUTPUT).add_argument(
            "--print-completion",
            action=PrintCompletion,
            choices=SHELLS,
            help="print a completion script for this shell",
            **printing,
        )

    def parse_known_args(self, *args: Any, **settings: Any) -> tuple[Options, list[str]]:
        """As argparse, but a flag that does not exist ends the program here, with the nearest one in the message."""
        options, unknown = super().parse_known_args(*args, **settings)
        if unknown:
            self.error(self._unknown(unknown))
        return options, unknown

    def _unknown(self, words: Sequence[str]) -> str:
        known = [name for action in self._actions for name in action.option_strings]
        odd = next((word for word in words if word.startswith("-")), "")
        meant = did_you_mean(odd.partition("=")[0], known) if odd else ""
        hint = f"; {meant}" if meant else "" if odd else "; SPECs follow --select: --select dashboard=42"
        return f"unrecognized arguments: {' '.join(words)}{hint}"

    def add_argument(self, *names: Any, **settings: Any) -> argparse.Action:
        option = self._by_name.get(settings.get("dest", names[-1].lstrip("-").replace("-", "_")))
        if option is None:
            return super().add_argument(*names, **settings)  # type: ignore[no-any-return]
        settings["default"] = argparse.SUPPRESS
        settings |= {key: option.metadata[key] for key in ("action", "const") if key in option.metadata}
        return self._group(option.metadata["group"]).add_argument(*names, **settings)  # type: ignore[no-any-return]

    def _group(self, title: str) -> Any:
        if title not in self._groups:
            self._groups[title] = self.add_argument_group(title)
        return self._groups[title]


def parse(argv: Optional[Sequence[str]] = None) -> Options:
    """Parse the command line. SystemExit 0 for ``--help`` and ``--version``, 2 with a message for a wrong one."""
    parser = _Parser()
    options: Options = parser.parse_args(argv)
    wrong = complaint(options)
    if wrong:
        parser.error(wrong)
    return options


def goes_on(options: Options) -> bool:
    """Whether what to restore is known from a session or a plan, and not from a selection."""
    return bool(_given(options, GOES_ON))


def overrides(options: Options) -> dict[str, object]:
    """The settings that flags were given for."""
    given = {setting: getattr(options, name) for name, setting in SETTING_OF.items()}
    return {setting: value for setting, value in given.items() if value is not None and value is not False}


def flag(name: str) -> str:
    """The flag of a field of Options."""
    return "--" + name.replace("_", "-")


def _given(options: Options, names: Sequence[str]) -> list[str]:
    return [name for name in names if getattr(options, name) not in (None, False, [])]


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
    return f"--override {unknown}: choose from {', '.join(GUARDS)}" if unknown is not None else ""


def _modes_clash(options: Options) -> str:
    modes = _given(options, _MODES)
    if options.plan_out and set(modes) - {"plan", "undo"}:
        return f"{flag(modes[0])} and --plan-out exclude each other"
    if options.drift_exit_code is not None and options.verify is None:
        return "--drift-exit-code is for --verify"
    if options.undo:
        modes = [mode for mode in modes if mode != "plan"]
    if goes_on(options):
        # Resuming is a restore, and with a restore --verify means to compare afterwards.
        if options.verify == "both":
            return (
                f"{flag(_given(options, GOES_ON)[0])} and --verify=both exclude each other: --verify=both only compares"
            )
        modes = [mode for mode in modes if mode != "verify"]
    return f"{flag(modes[0])} and {flag(modes[1])} exclude each other" if len(modes) > 1 else ""


def _selection_clash(options: Options) -> str:
    selecting = _given(options, _SELECTION)
    unshown = [name for name in selecting if options.show != "source" or name == "with_dependencies"]
    if options.show and unshown:
        return f"--show {options.show.partition('=')[0]} takes no {flag(unshown[0])}: it always shows everything"
    if options.discard and selecting:
        return f"--discard takes no {flag(selecting[0])}: it gives the whole session up"
    going_on = _given(options, GOES_ON)
    known = "plan" if options.apply else "session"
    if options.retry_dead_letters:
        selecting = [name for name in selecting if name not in _NARROWING]
    if going_on and selecting:
        return f"{flag(going_on[0])} takes no {flag(selecting[0])}: it uses the selection of its {known}"
    free = _FREE_TO_APPLY if options.apply else ("rate",)
    ways = _given(
        options, (*(name for name in SETTING_OF if name not in free), "allow_alert_loss", "disable_schedules")
    )
    if going_on and ways:
        return f"{flag(going_on[0])} takes no {flag(ways[0])}: it uses the settings of its {known}"
    return ""


def _rehearsal_clash(options: Options) -> str:
    if options.rehearse_latency is not None and not options.rehearse:
        return "--rehearse-latency is for --rehearse"
    return ""


def _undo_clash(options: Options) -> str:
    undoing = _given(options, ("undo_created", "force"))
    if undoing and not options.undo:
        return f"{flag(undoing[0])} is for --undo SESSION"
    meaningless = _given(options, _NOT_FOR_UNDO)
    if options.undo and meaningless:
        return f"--undo takes no {flag(meaningless[0])}: it undoes exactly what the session changed"
    return ""


def _copies_clash(options: Options) -> str:
    if options.title and not options.copy_into:
        return "--title is for the copies of --copy-into FOLDER"
    if options.verify in ("alone", "both") and options.copy_into:
        return "--copy-into makes copies: compare them with --verify=after, or later with --resume SESSION --verify"
    others = [name for name in _given(options, _NOT_FOR_COPIES) if name != "verify"]
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
    known = _given(options, (*GOES_ON, "undo", "discard"))
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


_FILES = ("report", "summary", "events", "plan_out", "log_file")
"""Files that a run writes."""
_OF_RUNS = ("report", "summary", "events")


def _files_clash(options: Options) -> str:
    named = [(name, os.path.realpath(getattr(options, name))) for name in _given(options, _FILES)]
    for number, (name, path) in enumerate(named):
        twin = next((other for other, same in named[number + 1 :] if same == path), None)
        if twin is not None and not is_own_stream(path):
            return f"{flag(name)} and {flag(twin)} name the same file"
    told = _given(options, _OF_RUNS)
    if told and (options.show or options.discard):
        return f"{flag(told[0])} applies only to runs; --show and --discard write to stdout"
    return ""
