"""A rehearsal as text: time, calls by class, disk, and the objects that could not take part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lrestore.report.item_lines import PLAIN, Style, item_heading
from lrestore.report.model import Report
from lrestore.report.rehearsal import NotSimulated, Rehearsal
from lrestore.text.tables import aligned
from lrestore.text.terminal import plain
from lrestore.text.words import counted, duration, size

NAMED_PROBLEMS = 20
"""Number of problems that are named. -v names all."""


def rehearsal(report: Report, style: Style = PLAIN) -> str:
    """The facts of a rehearsal, each with a label; "" for a report of another mode."""
    if report.rehearsal is None:
        return ""
    lines = aligned(list(rows(report)), right=())
    failed = {(letter.type, letter.id) for letter in report.dead_letters}
    others = [one for one in report.rehearsal.problems if (one.type, one.id) not in failed]
    return "".join(f"{line}\n" for line in [*lines, *_problems(others, style)])


def rows(report: Report) -> Iterator[tuple[str, str]]:
    """The facts with their labels; none for a report of another mode."""
    made = report.rehearsal
    if made is None:
        return
    yield "world", _world(made)
    limit = f"at most {made.per_second:g} calls/s" if made.per_second else "no limit of calls per second"
    yield "time", duration(report.duration_s)
    yield "pace", f"{round(made.latency_ms, 1):g} ms for an answer, {limit}; {plain(made.pace)}"
    classes = ", ".join(f"{count} {name}" for name, count in sorted(report.api.by_activity.items()))
    yield "calls", f"{report.api.calls} ({classes or 'none'})"
    yield "disk", _disk(report, made)


def _world(made: Rehearsal) -> str:
    stand_ins = ", ".join(f"{name} ({count})" for name, count in sorted(made.stand_ins.items()))
    if made.world == "empty":
        text = f"an empty simulated Looker with {counted(made.objects, 'LookML model')} of the backup"
    else:
        text = f"a simulated Looker with {counted(made.objects, 'object')} of the backup, which need no change there"
        text += " (--rehearse=empty makes them anew)"
    more = f"; stand-ins for what the backup refers to and lacks: {stand_ins}" if stand_ins else ""
    return f"{text}{more}"


def _disk(report: Report, made: Rehearsal) -> str:
    took = f"undo copies took {size(made.undo_bytes)}, the state file {size(made.state_bytes)}"
    disk = report.guards.disk if report.guards else None
    return f"{took}; about {size(disk.needed_bytes)} if every selected object has changed" if disk else took


def _problems(found: Sequence[NotSimulated], style: Style) -> list[str]:
    """Objects that could not be simulated. Dead letters are listed before."""
    listed = found if style.full else found[:NAMED_PROBLEMS]
    lines = [f"{style.warn('not simulated')}: {counted(len(found), 'object')} of the backup"] if found else []
    for problem in listed:
        lines += [
            item_heading("    ", problem.type, problem.id, problem.name, style),
            f"        {plain(problem.message)}",
        ]
    left = len(found) - len(listed)
    return [*lines, f"    ... and {left} more; -v lists them"] if left else lines
