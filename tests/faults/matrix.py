"""The fault matrix: each fault in each phase, once and for ever, judged by rules that hold for every case.

- While the fault lasts, the exit code is one that the contract allows for the phase; with exit 3 nothing was written.
- The item that fails is a dead letter, or the session is resumable: nothing is lost silently.
- Without the fault, the same command (resumed, or retried) brings the instance to the undisturbed end.
- Nothing is doubled, at no time.

``python -m tests.faults`` runs all of it and prints the table.
"""

from __future__ import annotations

import copy
import json
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from lrestore.simulator.core.store import Record, World
from lrestore.simulator.world.drift import SMALL_EDITS
from lrestore.simulator.world.edits import Edit, edit
from lrestore.simulator.world.world import make_world
from tests.acceptance.instance_fixture import SMALL, InstanceFixture, Ran
from tests.acceptance.snapshot import snapshots

MEMBER = "3"
"""A user of groups."""
SELECTED = ("--select", "look", "--select", "dashboard=1", "--select", f"user={MEMBER}", "--yes")
SETTLED = {"LRESTORE_RUN_SETTLE_S": "1"}
STRUCK = {"LRESTORE_RUN_MAX_RETRIES": "1", "LRESTORE_RUN_GIVE_UP_AFTER_S": "2"}
"""For the run under the fault alone: a run that heals must not fail because the machine is slow."""
HANGING = {"LRESTORE_DESTINATION_TIMEOUT_S": "2"}

FAULTS = (
    *("status:500", "status:502", "status:503", "status:429", "status:403", "status:404", "status:422"),
    *("html:502", "body:null", "body:[]", "body:{}", "truncate", "cut", "reset_before", "reset_after"),
    *("hang", "delay:0.2", "late:0.3", "expire_tokens", "refuse:0.5"),
)


@dataclass(frozen=True, slots=True)
class Phase:
    """A step of a run: the operation that the fault strikes, of which ``after`` calls are let through."""

    operation: str
    after: int = 0
    mode: str = "restore"


PHASES = {
    "login": Phase("login"),
    "opening": Phase("me"),
    "listing": Phase("all_folders"),
    "read": Phase("dashboard"),
    "create": Phase("create_look"),
    "patch": Phase("update_look"),
    "part": Phase("update_dashboard_element"),
    "part created": Phase("create_dashboard_element"),
    "part deleted": Phase("delete_dashboard_element"),
    "assignment": Phase("add_group_user"),
    "second turn": Phase("update_look", after=2),
    "verify": Phase("dashboard", mode="verify"),
    "undo": Phase("update_look", mode="undo"),
    "apply": Phase("update_look", mode="apply"),
}

OFTEN = {"once": 1, "always": 0}
Snapshots = dict[str, Counter[str]]


@dataclass(frozen=True, slots=True)
class Case:
    """One cell of the matrix."""

    phase: str
    fault: str
    often: str

    def __str__(self) -> str:
        return f"{self.phase} · {self.fault} · {self.often}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a case ended: exit code under the fault, and after it; ``wrong`` says which rule was broken."""

    struck: bool
    code: int
    healed: int
    wrong: str = ""


def all_cases() -> Iterator[Case]:
    for phase in PHASES:
        for fault in FAULTS:
            for often in OFTEN:
                yield Case(phase, fault, often)


@cache
def _worlds() -> tuple[World, World]:
    """The instance when it was backed up, and as it is found: titles swapped, a look and memberships gone."""
    world = make_world(SMALL)
    folder = _look(world, "3")["folder_id"]
    edit(world, Edit(type="look", id="4", set={"folder_id": folder}))
    lost = copy.deepcopy(world)
    for change in SMALL_EDITS:
        change(lost, next(iter(lost.table("dashboard"))))
    edit(lost, Edit(type="look", id="1", set={"description": "drifted"}))
    edit(lost, Edit(type="look", id=_unshown(lost), delete=True))
    titles = [_look(world, one)["title"] for one in ("3", "4")]
    for one, title in zip(("4", "3"), titles, strict=True):
        edit(lost, Edit(type="look", id=one, set={"title": title}))
    members = lost.edges["group_user"]
    for group in list(members.lefts(MEMBER)):
        if not (lost.table("group").get(group) or {}).get("include_by_default"):
            members.drop(group, MEMBER)
    return world, lost


def _look(world: World, look_id: str) -> Record:
    found = world.table("look").get(look_id)
    if found is None:
        raise AssertionError(f"the world has no look {look_id}")
    return found


def _unshown(world: World) -> str:
    """A look that no tile shows."""
    shown = {tile["look_id"] for tile in world.table("dashboard_element")}
    return next(str(look["id"]) for look in world.table("look") if look["id"] not in {*shown, "1", "3", "4"})


def run(case: Case, folder: Path) -> Outcome:
    """Run one case in ``folder``, which it fills."""
    world, lost = _worlds()
    with InstanceFixture(folder, world=copy.deepcopy(world)) as instance:
        instance.extra_environment.update(SETTLED)
        found = copy.deepcopy(lost)
        instance.world = found
        instance.simulator.simulation.replace_world(found)
        before = snapshots(instance.world)
        return _Trial(instance, case, before).judged()


class _Trial:
    def __init__(self, instance: InstanceFixture, case: Case, before: Snapshots) -> None:
        self._arena = instance
        self._case = case
        self._phase = PHASES[case.phase]
        self._before = before

    def judged(self) -> Outcome:
        again = self._prepared()
        target = self._target()
        rule = self._arena.simulator.fault(
            self._case.fault,
            operation=self._phase.operation,
            after=self._phase.after,
            times=OFTEN[self._case.often],
        )
        struck = self._arena.run(*again, **STRUCK, **(HANGING if self._case.fault == "hang" else {}))
        self._arena.simulator.simulation.faults.clear()
        self._until_it_answers()
        wrong = self._while_struck(struck, target)
        healed, after = self._healed(struck, again)
        if not wrong and after:
            wrong = after
        if not wrong and target is not None and snapshots(self._arena.world) != target:
            wrong = "the instance is not as after an undisturbed run"
        return Outcome(rule.fired > 0, struck.code, healed, wrong)

    def _prepared(self) -> tuple[str, ...]:
        """Run what precedes the run under the fault; return the arguments of that run."""
        if self._phase.mode == "verify":
            self._arena.run(*SELECTED)
            return (*SELECTED[:-1], "--verify")
        if self._phase.mode == "undo":
            session = self._arena.run(*SELECTED).report["session_id"]
            return ("--undo", session, "--undo-created", "delete", "--yes")
        if self._phase.mode == "apply":
            plan = str(self._arena.directory / "plan.json")
            self._arena.run(*SELECTED[:-1], "--plan-out", plan)
            return ("--apply", plan, "--yes")
        return SELECTED

    def _target(self) -> Snapshots | None:
        """The content that the instance must have in the end."""
        if self._phase.mode == "undo":
            return self._before
        return _restored() if self._phase.mode != "verify" else snapshots(self._arena.world)

    def _until_it_answers(self) -> None:
        """An instance that refuses connections does so for a while."""
        there = urlsplit(self._arena.simulator.base_url)
        for _ in range(6000):
            with suppress(OSError), socket.create_connection((there.hostname, there.port)):
                return
            time.sleep(0.01)
        raise AssertionError("the instance does not answer any more")

    def _while_struck(self, ran: Ran, target: Snapshots | None) -> str:
        writes = len(ran.writes)
        if ran.code not in (0, 1, 3, 4):
            return f"exit code {ran.code}"
        if "Traceback" in ran.err or "internal error" in ran.err + ran.out:
            return "a traceback, or an internal error"
        if ran.code == 3 and writes:
            return f"exit code 3 after {writes} writes"
        if ran.code == 0 and self._phase.mode != "verify" and snapshots(self._arena.world) != target:
            return "exit code 0, and the instance is not as after an undisturbed run"
        if ran.code == 1 and self._phase.mode != "verify" and not ran.letters:
            return "exit code 1 without a dead letter"
        return ""

    def _healed(self, ran: Ran, again: tuple[str, ...]) -> tuple[int, str]:
        """The same again without the fault; the exit code, and what is wrong with it."""
        if ran.code == 0:
            return 0, ""
        if ran.code == 4 and self._phase.mode != "verify":
            ran = self._arena.run("--resume")
        elif ran.code == 1 and self._phase.mode != "verify":
            ran = self._arena.run("--retry-dead-letters", "--yes")
        else:
            ran = self._arena.run(*again)
        if ran.code == 1 and self._phase.mode != "verify":
            # Resumed with what had failed before: those items are tried again on request.
            ran = self._arena.run("--retry-dead-letters", "--yes")
        return ran.code, "" if ran.code == 0 else f"exit code {ran.code} without the fault: {ran.err[-300:]}"


@cache
def _restored() -> Snapshots:
    import tempfile

    world, lost = _worlds()
    with tempfile.TemporaryDirectory() as folder, InstanceFixture(Path(folder), world=copy.deepcopy(world)) as instance:
        instance.world = copy.deepcopy(lost)
        instance.simulator.simulation.replace_world(instance.world)
        instance.run(*SELECTED).all_good()
        return snapshots(instance.world)


def table(outcomes: dict[Case, Outcome], tell: Callable[[str], object]) -> int:
    """Print the outcomes, a line per phase and fault; the number of wrong ones."""
    for case, outcome in outcomes.items():
        word = "not reached" if not outcome.struck else f"exit {outcome.code}, then {outcome.healed}"
        tell(f"{case.phase:<13} {case.fault:<14} {case.often:<7} {word:<18} {outcome.wrong or 'as expected'}")
    wrong = sum(bool(outcome.wrong) for outcome in outcomes.values())
    tell(json.dumps({"cases": len(outcomes), "struck": sum(one.struck for one in outcomes.values()), "wrong": wrong}))
    return wrong
