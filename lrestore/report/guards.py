"""The screen before the first write: its data and its text.

A plan shows it with its own numbers. A restore shows it before it begins: with the numbers of a plan if it asks for a
confirmation or has limits to keep, otherwise with the facts that need no call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from lrestore.text.tables import aligned
from lrestore.text.terminal import plain
from lrestore.text.words import counted, size


class BackupFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The backup. ``unreadable`` of the selected rows are corrupt; ``doubts`` counts the warnings about the file;
    ``lacks`` is what no backup holds of the selected types; ``chosen`` says why these files count, of several.
    """

    paths: tuple[str, ...]
    instance: str
    age: str
    synced_to: str = ""
    unreadable: int = 0
    doubts: int = 0
    lacks: tuple[str, ...] = ()
    chosen: str = ""


class OpeningDestination(msgspec.Struct, frozen=True, kw_only=True):
    """The destination. ``admin``: whether the calling user is one, None where that has not been asked; ``identity`` is
    *same*, *other* or *undecided*.
    """

    base_url: str
    user: str
    looker_version: str
    proxy: str = ""
    admin: bool | None = None
    creates_unseen: bool = False
    identity: str = "undecided"
    agree: int = 0
    disagree: int = 0


class Foreseen(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of a plan: the work of the restore. ``deletions`` by kind: parts, memberships, roles taken away.
    ``alerts``: tiles that the backup lacks and that have live alerts.
    """

    create: int = 0
    update: int = 0
    unchanged: int = 0
    skip: int = 0
    fail: int = 0
    pending: int = 0
    writes: int = 0
    deletions: dict[str, int] = {}
    alerts: int = 0

    @property
    def items(self) -> int:
        """The items that would be written."""
        return self.create + self.update

    @property
    def deleted(self) -> int:
        """All that would be deleted."""
        return sum(self.deletions.values())


class Disk(msgspec.Struct, frozen=True):
    """The disk that takes the state file and the undo copies."""

    folder: str
    free_bytes: int
    needed_bytes: int

    @property
    def holds(self) -> bool:
        """Whether there is room, as far as can be estimated."""
        return self.free_bytes >= self.needed_bytes


class Guards(msgspec.Struct, frozen=True, kw_only=True):
    """The screen. ``by_type`` is in the order of restoring; ``removals`` counts the objects that an undo may delete;
    ``foreseen`` is None where nothing was planned; ``enabled_plans`` are switched on in the backup and selected.
    """

    session_id: str
    selected: int
    by_type: dict[str, int]
    removals: dict[str, int] = {}
    backup: BackupFacts
    destination: OpeningDestination
    foreseen: Foreseen | None = None
    allow_alert_loss: bool = False
    enabled_plans: int = 0
    disable_schedules: bool = False
    disk: Disk | None = None
    undo: str = ""
    overridden: tuple[str, ...] = ()


def lines(guards: Guards) -> Iterator[tuple[str, str]]:
    """The screen line by line: label and text."""
    yield from _destination(guards.destination)
    yield from _backup(guards.backup)
    if guards.by_type:
        yield "order", ", ".join(f"{name} ({count})" for name, count in guards.by_type.items())
    yield from _work(guards)
    if guards.overridden:
        yield "overridden", ", ".join(guards.overridden)
    if guards.disk is not None:
        free, needed = size(guards.disk.free_bytes), size(guards.disk.needed_bytes)
        yield "disk", f"{free} free in {plain(guards.disk.folder)}; state and undo copies need about {needed}"
    if guards.undo:
        yield "undo", guards.undo


def screen_text(guards: Guards) -> str:
    """The lines as a block, each ending with a newline."""
    return "".join(f"{line}\n" for line in aligned(list(lines(guards)), right=()))


def question(foreseen: Foreseen) -> str:
    """The question before a large restore."""
    gone = f", with {_deletions(foreseen)}" if foreseen.deleted else ""
    return f"write {counted(foreseen.items, 'object')} ({foreseen.create} create, {foreseen.update} update{gone})?"


def _destination(there: OpeningDestination) -> Iterator[tuple[str, str]]:
    release = there.looker_version or "?"
    yield "destination", f"{plain(there.base_url)} as {plain(there.user)}, Looker {plain(release)}"
    yield "caller", _caller(there)
    if there.proxy:
        yield "proxy", plain(there.proxy)
    yield "identity", _identity(there)


def _identity(there: OpeningDestination) -> str:
    if there.agree or there.disagree:
        return f"{there.identity} instance ({there.agree} agree, {there.disagree} disagree)"
    if there.identity == "undecided":
        return "undecided: no sampled object of the backup is there under its id"
    return f"{there.identity} instance, as [run] identity or --identity says"


def _caller(there: OpeningDestination) -> str:
    if there.admin is None:
        return "not checked yet whether this user is an admin: that is checked when an object is missing"
    if there.admin:
        return "an admin: an object that Looker does not show is missing, and is created"
    if there.creates_unseen:
        return (
            "not an admin: an object that Looker does not show may be hidden, not missing; it is created anyway "
            "([run] trust_404)"
        )
    return "not an admin: an object that Looker does not show may only be hidden, and is not created"


def _backup(backup: BackupFacts) -> Iterator[tuple[str, str]]:
    named = ", ".join(map(plain, backup.paths))
    yield "backup", f"{named}, instance {backup.instance!r}, {backup.age}"
    if backup.chosen:
        yield "chosen", plain(backup.chosen)
    doubts = f"{counted(backup.doubts, 'warning')} about the file" if backup.doubts else "no warning about the file"
    broken = f"{counted(backup.unreadable, 'selected item')} cannot be read" if backup.unreadable else ""
    yield "integrity", f"{doubts}; {broken or 'no damage seen in the selected items'}"
    if backup.lacks:
        yield "not in it", "; ".join(what.partition(": those")[0] for what in backup.lacks)


def _work(guards: Guards) -> Iterator[tuple[str, str]]:
    foreseen, session = guards.foreseen, f"session {guards.session_id}" if guards.session_id else ""
    if foreseen is None:
        upto = f"not planned; up to {counted(guards.selected, 'object')} to be written"
        yield "actions", "; ".join(filter(None, [upto, session]))
        yield "deletions", _deletions_unplanned(guards)
        yield "alerts", _alerts_unplanned(guards)
    else:
        yield "actions", "; ".join(filter(None, [_actions(foreseen), session]))
        yield "deletions", _deletions(foreseen) or "none"
        yield "alerts", _alerts(guards, foreseen.alerts)
    if "scheduled_plan" in guards.by_type:
        yield "plans", _plans(guards)


def _actions(foreseen: Foreseen) -> str:
    counts: Mapping[str, int] = {
        "create": foreseen.create,
        "update": foreseen.update,
        "unchanged": foreseen.unchanged,
        "skip": foreseen.skip,
        "cannot be restored": foreseen.fail,
        "not planned": foreseen.pending,
    }
    always = ("create", "update")
    text = ", ".join(f"{count} {name}" for name, count in counts.items() if count or name in always)
    return f"{text}; {counted(foreseen.writes, 'writing call')}"


def _deletions(foreseen: Foreseen) -> str:
    return ", ".join(counted(count, kind) for kind, count in sorted(foreseen.deletions.items()) if count)


def _deletions_unplanned(guards: Guards) -> str:
    if not guards.removals:
        return "not planned; --plan lists them"
    made = ", ".join(counted(count, kind.replace("_", " ")) for kind, count in sorted(guards.removals.items()))
    return f"not planned; up to {made} that the session created (--undo-created delete); --plan lists them"


def _alerts(guards: Guards, count: int) -> str:
    if not count:
        return "none at stake"
    tiles = counted(count, "tile")
    if guards.allow_alert_loss:
        return f"{tiles} with live alerts will be deleted, and the alerts with them (--allow-alert-loss)"
    return f"{tiles} with live alerts, not in the backup: kept"


def _alerts_unplanned(guards: Guards) -> str:
    if guards.allow_alert_loss:
        return "not planned; tiles with live alerts may be deleted (--allow-alert-loss)"
    return "not planned; tiles with live alerts are kept"


def _plans(guards: Guards) -> str:
    if guards.disable_schedules:
        return "restored switched off (--disable-schedules)"
    plans = counted(guards.enabled_plans, "selected scheduled plan")
    verb = "is" if guards.enabled_plans == 1 else "are"
    return f"{plans} {verb} enabled in the backup, and will send again"
