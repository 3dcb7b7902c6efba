"""The text on stdout and the exit code of a report."""

from __future__ import annotations

import os
import shutil
import sys
from itertools import islice

import msgspec

from lrestore.report import drift, text
from lrestore.report.failures import dead_letters
from lrestore.report.guards import screen_text
from lrestore.report.item_lines import Style
from lrestore.report.model import Item, Report
from lrestore.report.notices import warned
from lrestore.report.packed_items import Has, having
from lrestore.report.rehearsal_text import rehearsal
from lrestore.text.tables import numbered
from lrestore.text.terminal import plain
from lrestore.text.words import counted

SHOWN_ITEMS = 50
"""A restore of up to this many items prints each changed field; for more items only the report file lists them."""


def results(report: Report, style: Style, *, calls_listed: bool = False) -> str:
    """The text of the report in its mode."""
    if report.mode == "plan":
        before = screen_text(report.guards) + "\n" if report.guards else ""
        return before + _plan(report, style) + "\n" + text.summary(report, style)
    if report.mode == "dry-run":
        return _dry_run(report, style)
    if report.mode == "rehearse":
        return _rehearsal(report, style)
    parts = [] if report.mode == "verify" else [_done(report, style)]
    letters = [letter for letter in report.dead_letters if not letter.earlier]
    parts += [
        dead_letters(letters, style),
        text.warnings(_new_warnings(report), style, warned(report)),
        _not_repeated(report),
    ]
    if report.verify:
        parts.append(drift.verify(report.verify, style, skipped=report.totals.skipped, pending=report.totals.pending))
    if calls_listed:
        parts.append(_calls(report))
    shown = "".join(parts)
    return shown + ("\n" if shown else "") + text.summary(report, style) + text.copies(report, style)


def _rehearsal(report: Report, style: Style) -> str:
    """The problems, the items with ``-v``, and the sums."""
    items = text.plan(report, style) if style.full else ""
    found = items + dead_letters(report.dead_letters, style) + text.warnings(report.warnings, style, warned(report))
    return found + ("\n" if found else "") + text.summary(report, style) + "\n" + rehearsal(report, style)


def style_of_stdout(*, full: bool) -> Style:
    """Colours and the width to keep to where stdout is a terminal; ``full`` lists everything."""
    on_terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if on_terminal else 0
    return Style(_coloured(on_terminal=on_terminal), width, full)


def _coloured(*, on_terminal: bool) -> bool:
    """NO_COLOR and FORCE_COLOR as other programs take them: see no-color.org and force-color.org."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return on_terminal and os.environ.get("TERM") != "dumb"


def exit_code(report: Report, differing: int = 1) -> int:
    """0: no failure. 1: some items failed, or could not be compared. ``differing``: everything was compared, and the
    destination differs from the backup.
    """
    if report.totals.failed or (report.verify and report.verify.unlisted):
        return 1
    return differing if report.verify and report.verify.drifted else 0


def _plan(report: Report, style: Style) -> str:
    """Items, what cannot be restored, warnings, and calls by class."""
    shown = text.plan(report, style) + dead_letters(report.dead_letters, style)
    if report.plan is None:
        return shown + text.warnings(report.warnings, style, warned(report))
    unproved = set(report.plan.unproved_mappings)
    others = [warning for warning in report.warnings if warning not in unproved]
    mappings = text.unproved_mappings(report.plan, style)
    return shown + mappings + text.warnings(others, style, warned(report)) + text.plan_sum(report.plan, style)


def _done(report: Report, style: Style) -> str:
    new = (item for item in report.items if not item.earlier)
    listed = list(islice((item for item in new if item.outcome != "failed"), SHOWN_ITEMS + 1))
    if len(listed) + report.items_omitted > SHOWN_ITEMS:
        return text.deletion_lines((item for item in having(report.items, Has.DELETIONS) if not item.earlier), style)
    return text.change_lines([_with_real_changes(item) for item in listed], style)


def _new_warnings(report: Report) -> list[str]:
    """Warnings but those of items that an earlier start of the session has told already."""
    earlier = tuple(f"{item.key}: " for item in having(report.items, Has.EARLIER))
    return [warning for warning in report.warnings if not warning.startswith(earlier)]


def _not_repeated(report: Report) -> str:
    """How much of an earlier start of the session is not told again."""
    count = sum(1 for _ in having(report.items, Has.EARLIER))
    where = f"--show session={report.session_id} and the report count them"
    return f"{counted(count, 'item')} of earlier starts not listed again; {where}\n" if count else ""


def _with_real_changes(item: Item) -> Item:
    """The item with the changes worth a line: only fields that really differ."""
    changes = tuple(change for change in item.changes if change.old != change.new)
    return msgspec.structs.replace(item, changes=changes)


def _dry_run(report: Report, style: Style) -> str:
    lines = [
        "dry run: only the backup was read, Looker was not; --plan compares with Looker",
        *(
            f"{item.type}={plain(item.id)} {plain(item.name)}: {plain(item.reason)}"
            for item in report.items
            if item.outcome != "failed"
        ),
    ]
    if report.items_omitted:
        lines.append(f"... and {counted(report.items_omitted, 'item')} more, not listed")
    totals = report.totals
    lines += [dead_letters(report.dead_letters, style) + text.warnings(report.warnings, style, warned(report))]
    readable = counted(totals.selected - totals.failed - totals.pending, "item")
    pending = f", {totals.pending} pending, not read" if totals.pending else ""
    return "\n".join(lines) + f"{readable} can be read, {totals.failed} cannot{pending}; no call was made\n"


def closing(report: Report) -> str:
    """The last line, after the names of the files that were written."""
    if report.mode != "dry-run":
        return ""
    return "this was a dry run: Looker was not read; --plan compares the backup with Looker\n"


def _calls(report: Report) -> str:
    rows = [(f"  {operation}", str(count)) for operation, count in sorted(report.api.by_operation.items())]
    return "".join(f"{line}\n" for line in ["API calls:", *numbered(rows)]) if rows else ""
