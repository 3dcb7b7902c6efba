"""The result of ``--verify`` as text: what differs, who changed it, what only Looker has, what is ignored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lrestore.report.item_lines import PLAIN, Style, by_type, field_lines, item_heading, since
from lrestore.report.model import Difference, OnlyLive, Verify
from lrestore.text.terminal import plain
from lrestore.text.words import counted, shortened

_NAMED = 10
"""Number of people in one line; the report names all."""


def verify(result: Verify, style: Style = PLAIN, *, skipped: int = 0, pending: int = 0) -> str:
    """The differences between backup and destination, field by field. ``skipped`` items were excluded by a rule, and
    ``pending`` items were not reached.
    """
    lines = []
    for head, different in by_type(result.different, style):
        lines += [*head, *(line for one in different for line in _difference(one, style))]
    for head, only_live in by_type(result.only_live, style):
        lines += [*head, *(_only_live(one, style) for one in only_live)]
    lines += _people(result)
    lines += _ignored(result, style)
    sentence = f"verified: {result.equal} equal, {_differing(result, style)}"
    sentence += f", {style.bad(f'{len(result.only_live)} only in Looker')}" if result.only_live else ""
    sentence += f", {skipped} skipped and not compared" if skipped else ""
    sentence += f", {pending} pending and not compared" if pending else ""
    sentence += f"; not listed: {', '.join(result.unlisted)}" if result.unlisted else ""
    return "".join(f"{line}\n" for line in (*lines, sentence))


def _differing(result: Verify, style: Style) -> str:
    """The number of differences, and how many of them are losses."""
    words = f"{len(result.different)} different"
    missing = sum(one.missing for one in result.different)
    trashed = sum(one.trashed for one in result.different)
    lost = [f"{missing} missing"] * bool(missing) + [f"{trashed} in the trash"] * bool(trashed)
    words += f" ({', '.join(lost)})" if lost else ""
    return style.bad(words) if result.different else words


def _difference(difference: Difference, style: Style) -> list[str]:
    head = item_heading(f"{style.bad('different')} ", difference.type, difference.id, difference.name)
    if difference.missing:
        return [f"{head}: not in the destination"]
    if difference.destination_id and difference.destination_id != difference.id:
        head += f" → {plain(difference.destination_id)}"
    changed = since(difference.live)
    head += f": {changed}" if changed else ""
    extra = [f"    extra {item_heading('', gone.type, gone.id, gone.name)}" for gone in difference.deletions]
    lacks = [f"    lacks {plain(one)}" for one in difference.lacks]
    return [head, *field_lines(difference.changes, (), style), *extra, *lacks]


def _only_live(one: OnlyLive, style: Style) -> str:
    changed = since(one.facts)
    return item_heading(f"{style.bad('only in Looker')} ", one.type, one.id, one.name) + (
        f": {changed}" if changed else ""
    )


def _people(result: Verify) -> Iterator[str]:
    """The people, each with the number of objects that they changed or deleted; the most first."""
    facts = [one.live for one in result.different if one.live is not None]
    # The last change and the deletion of an object may be by different people.
    by = [one.updated_by if one.deleted_at is None else one.deleted_by for one in facts]
    counts = Counter(name for name in (*by, *(one.updated_by for one in result.only_live)) if name)
    if counts:
        named = [f"{plain(name)} ({count})" for name, count in sorted(counts.items(), key=lambda one: -one[1])]
        yield f"last changed by: {shortened(named, _NAMED)}"


def _ignored(result: Verify, style: Style) -> Iterator[str]:
    """How often each field was ignored, and in which objects with ``-v``."""
    if not result.ignored:
        return
    paths = Counter(
        f"{one.type}.{change.path}" if "[" not in change.path else f"{one.type} parts"
        for one in result.ignored
        for change in one.changes
    )
    paths.update(f"{one.type} parts" for one in result.ignored for _ in one.deletions)
    named = ", ".join(f"{plain(path)} ({count})" for path, count in paths.items())
    more = "" if style.full else "; -v lists them"
    yield f"ignored in {counted(len(result.ignored), 'object')} ([verify] ignore): {named}{more}"
    for one in result.ignored if style.full else ():
        yield f"    {item_heading('', one.type, one.id, one.name)}"
        yield from (f"    {line}" for line in field_lines(one.changes, (), style))
