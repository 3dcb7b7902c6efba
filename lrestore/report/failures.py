"""Dead letters for people: grouped by cause, each group with its items, times, retries and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lrestore.errors import remedy_of
from lrestore.report.causes import Cause, Letter, grouped_by_cause
from lrestore.report.item_lines import PLAIN, Style, item_heading
from lrestore.text.terminal import plain
from lrestore.text.words import counted

NAMED_ITEMS = 5
"""Number of items of a group that are named; the others are counted. -v names all."""
_ERRORS = 10
"""Number of lines that the field errors of one item take; -v lists all."""


def dead_letters(letters: Iterable[Letter], style: Style = PLAIN) -> str:
    """Failed items, grouped by cause: the largest group first. A group of one shows its item's own message."""
    return "".join(f"{line}\n" for group in grouped_by_cause(letters) for line in _group(group, style))


def _group(group: Cause, style: Style) -> list[str]:
    lines = _single(group.letters[0], style) if len(group.letters) == 1 else _several(group, style)
    when = _moment(group.period[0])
    if _moment(group.period[1]) != when:
        when += f" to {_moment(group.period[1])}"
    retries = f", given up after {_retries(group)}" if group.retries else ""
    return [*lines, f"    failed at {when}{retries}", f"    what to do: {remedy_of(group.error_type)}"]


def _several(group: Cause, style: Style) -> list[str]:
    listed = group.letters if style.full else group.letters[:NAMED_ITEMS]
    head = f"{style.bad('failed')}    {counted(len(group.letters), 'item')}: {plain(group.cause)}"
    lines = [head, f"    {_kind(group.error_type, group.status)}"]
    lines += [item_heading("    ", letter.type, letter.id, letter.name, style) for letter in listed]
    left = len(group.letters) - len(listed)
    return [*lines, f"    ... and {left} more; -v lists them"] if left else lines


def _single(letter: Letter, style: Style) -> list[str]:
    place = f" at {plain(letter.path)}" if letter.path else ""
    lines = [
        item_heading(f"{style.bad('failed')}    ", letter.type, letter.id, letter.name, style),
        f"    {_kind(letter.error_type, letter.status)}{place}: {plain(letter.message)}",
    ]
    errors = [one for one in letter.errors if one.field not in letter.message or one.message not in letter.message]
    listed = errors if style.full or len(errors) <= _ERRORS else errors[: _ERRORS - 1]
    for error in listed:
        code = f" ({plain(error.code)})" if error.code else ""
        lines.append(f"      {plain(error.field) or 'general'}: {plain(error.message)}{code}")
    left = len(errors) - len(listed)
    return [*lines, f"      ... and {left} more; -v lists them"] if left else lines


def _kind(error_type: str, status: int | None) -> str:
    return error_type if status is None else f"{error_type} {status}"


def _retries(group: Cause) -> str:
    most = len(group.letters) > 1 and len({letter.retries for letter in group.letters}) > 1
    return ("up to " if most else "") + counted(group.retries, "retry", "retries")


def _moment(failed_at: str) -> str:
    """``2026-11-23T10:45:01.000Z`` to the second."""
    return plain(failed_at[:19].replace("T", " ") + "Z" if failed_at.endswith("Z") else failed_at)


def closed(resolved: Sequence[tuple[Letter, str]], style: Style = PLAIN) -> str:
    """Items that a later session has restored, with that session: one line each with ``-v``, else their number."""
    if not resolved:
        return ""
    if not style.full:
        return f"{counted(len(resolved), 'item')} restored since; -v lists them\n"
    return "".join(
        f"{item_heading('restored  ', letter.type, letter.id, letter.name, style)} by session {session}\n"
        for letter, session in resolved
    )
