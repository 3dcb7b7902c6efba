"""The commands that go on from a run, made from the command that it was started with."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Sequence

from lrestore.report.model import Report

_FILES = ("--report", "--html", "--summary", "--metrics", "--events", "--log-file")
_SELECTING = (
    *("--config", "--identity", "--select", "--exclude", "--owner", "--folder", "--name", "--as-of"),
    *("--updated-since", "--updated-before", "--include-deleted", "--with-dependencies"),
)
"""Flags that say what is compared with what."""
_MODES = ("--plan", "--verify", "--drift-exit-code", "--plan-out", "--rehearse", "--rehearse-latency")
_BEGUN_BEFORE = ("--resume", "--retry-dead-letters", "--apply")
_MASKED = "***"


def next_steps(report: Report) -> Iterator[tuple[str, str]]:
    """The possible next steps, each with its command; none after a run that did not start."""
    if report.status == "not-started":
        return
    typed = _typed(report)
    if report.mode == "restore" and report.session_id:
        yield from _of_session(report, typed)
    elif typed and report.status == "finished":
        yield from _of_comparison(report, typed)


def _of_session(report: Report, typed: Sequence[str]) -> Iterator[tuple[str, str]]:
    command = report.guards.undo.partition(" --undo ")[0] if report.guards is not None else "lrestore"
    session = shlex.quote(report.session_id)
    if report.status != "finished":
        yield "Go on", f"{command} --resume {session}"
    if report.dead_letters:
        yield "Try the failed items again", f"{command} --retry-dead-letters {session}"
    if report.status == "finished" and not report.undoes:
        if report.copied_into:
            yield "Compare with the backup", f"{command} --resume {session} --verify"
        elif typed and not _given(typed, _BEGUN_BEFORE):
            yield "Compare with the backup", shlex.join([*_only(typed, _SELECTING), "--verify"])
    yield "Show what was changed", f"{command} --show diff={session}"
    yield "Show what an undo would do", f"{command} --undo {session} --plan"
    yield "Undo", f"{command} --undo {session}"


def _of_comparison(report: Report, typed: Sequence[str]) -> Iterator[tuple[str, str]]:
    """A plan is carried out with the same flags; what was rehearsed or differs is planned."""
    rest = _without(typed, (*_FILES, *_MODES))
    if report.mode == "plan":
        saved = _only(typed, ("--plan-out",))[1:]
        if saved:
            file = saved[1] if len(saved) > 1 else saved[0].partition("=")[2]
            yield "Carry out this plan", shlex.join([*_only(typed, ("--config",)), "--apply", file])
        else:
            yield "Carry it out", shlex.join(rest)
    elif report.mode == "rehearse" or (report.verify is not None and report.verify.different):
        yield "Show what a restore would do", shlex.join([*rest, "--plan"])


def _typed(report: Report) -> list[str]:
    """The words of the command; none for a run from Python, or if a secret is masked in it."""
    command = report.by.command
    if command != "lrestore" and not command.startswith("lrestore -"):
        return []
    return [] if _MASKED in command else shlex.split(command)


def _flags(words: Sequence[str]) -> Iterator[list[str]]:
    """The flags, each with the words that follow it: the command has no other arguments."""
    found: list[list[str]] = []
    for word in words[1:]:
        if word.startswith("-") or not found:
            found.append([])
        found[-1].append(word)
    yield from found


def _only(words: Sequence[str], flags: Collection[str]) -> list[str]:
    """The program and these flags."""
    return [words[0], *(word for one in _flags(words) if _name(one) in flags for word in one)]


def _without(words: Sequence[str], flags: Collection[str]) -> list[str]:
    """The program and all flags but these."""
    return [words[0], *(word for one in _flags(words) if _name(one) not in flags for word in one)]


def _name(one: Sequence[str]) -> str:
    return one[0].partition("=")[0]


def _given(words: Sequence[str], flags: Collection[str]) -> bool:
    return any(_name(one) in flags for one in _flags(words))
