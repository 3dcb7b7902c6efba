"""Successful answers without usable content, to any call, cause no doubled, lost or wrongly compared objects.

Every read that a restore of all types makes, and every create, is answered by a null, a list, a text, an empty object,
an object without an id or a page of a proxy, once or always.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from lrestore.content.identity import Judgement
from lrestore.errors import BadAnswerError, InternalError, ItemError
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES, OPERATIONS
from lrestore.restoration.item import ItemRestorer
from lrestore.restoration.policy import Policy
from lrestore.simulator.core.store import World
from lrestore.simulator.world.world import Sizes
from tests.acceptance.drifting import drift_everywhere
from tests.restoration.restore_fixture import RestoreFixture
from tests.sampling import every_value, one_of

ALL_TYPES = Sizes(
    users=5, groups=3, folders=4, depth=2, looks=3, dashboards=4, tiles=4, filters=2, boards=1, plans=4, trashed=3
)
PAGE = "html:200"
NO_OBJECT = ["body:null", "body:[]", 'body:"x"', "body:{}", 'body:{"id": ""}', 'body:{"id": null}', "body:", PAGE]
NO_ROWS = ["body:null", "body:[null]", 'body:"x"', "body:{}", 'body:[{"id": ""}]', "body:[[]]", "body:", PAGE]
OPENING = frozenset({"me", "versions", "login"})
"""Answered before the first item: see tests/acceptance/test_unreadable.py."""

Ids = Mapping[str, frozenset[str]]
Outcomes = dict[ItemKey, str | ItemError]


def drifted(directory: Path) -> RestoreFixture:
    """An instance in which something of every type has changed since its backup."""
    setup = RestoreFixture(directory, sizes=ALL_TYPES)
    drift_everywhere(setup.world)
    return setup


def restore_all(setup: RestoreFixture, instance: Any) -> Outcomes:
    """Restore all items one after the other, each in its last pass."""
    context = setup.context(Policy(max_retries=1), Judgement(instance))
    restorer, outcomes = ItemRestorer(context), Outcomes()
    keys = sorted((row.key for row in setup.vault.index()), key=lambda key: CONTENT_TYPES[key.type].tier)
    for key in keys:
        try:
            outcomes[key] = restorer.restore(setup.item(str(key)), last=True).result.outcome
        except ItemError as error:
            outcomes[key] = error
    return outcomes


def ids_of(world: World) -> Ids:
    """The objects by type, without queries, of which Looker never creates an identical one twice."""
    kept = {kind: table for kind, table in world.tables.items() if "quer" not in kind}
    return {kind: frozenset(str(row.get("id") or row.get("name")) for row in table) for kind, table in kept.items()}


def counts(ids: Ids) -> dict[str, int]:
    return {kind: len(found) for kind, found in ids.items()}


@dataclass(frozen=True)
class Undisturbed:
    """The result of an undisturbed restore. ``kept``: objects that existed before and exist afterwards;
    ``made``: how many of each kind are new; ``counts``: how many there are in the end.
    """

    reads: tuple[str, ...]
    kept: Ids
    made: Mapping[str, int]
    counts: Mapping[str, int]


@cache
def undisturbed(instance: str) -> Undisturbed:
    with TemporaryDirectory() as directory, drifted(Path(directory)) as setup:
        before, seen = ids_of(setup.world), len(setup.simulator.log.calls)
        restore_all(setup, instance)
        calls = {call.operation for call in list(setup.simulator.log.calls)[seen:]}
        restore_all(setup, instance)
        after = ids_of(setup.world)
    reads = sorted(name for name in calls - OPENING if OPERATIONS[name].method == "GET")
    kept = {kind: ids & after[kind] for kind, ids in before.items()}
    made = {kind: len(ids - before[kind]) for kind, ids in after.items()}
    return Undisturbed(tuple(reads), kept, made, counts(after))


def disturb(directory: Path, instance: str, operation: str, bodies: tuple[str, str]) -> None:
    """Restore all while ``operation`` is answered so (an object, a listing), then again without; judge both."""
    expected = undisturbed(instance)
    body = bodies[OPERATIONS[operation].answer.content == "rows"]
    with drifted(directory) as setup:
        before = ids_of(setup.world)
        fault = setup.simulator.fault(body, operation=operation)
        outcomes = restore_all(setup, instance)
        assert fault.fired, f"{operation} is not called"
        found = ids_of(setup.world)
        what = f"{operation} answered {body}"
        assert not [error for error in outcomes.values() if isinstance(error, InternalError)], what
        lost = {kind: ids - found[kind] for kind, ids in expected.kept.items() if ids - found[kind]}
        assert not lost, f"{what}: {lost} are gone"
        made = {kind: len(ids - before[kind]) for kind, ids in found.items()}
        doubled = {kind: count for kind, count in made.items() if count > expected.made[kind]}
        assert not doubled, f"{what}: {doubled} are made, where {expected.made} would be right"
        setup.simulator.simulation.faults.clear()
        for _ in range(2):
            restore_all(setup, instance)
        assert counts(ids_of(setup.world)) == expected.counts, f"{what}: a second run does not heal it"


def test_all_kinds_of_reads_are_disturbed() -> None:
    same, other = undisturbed("same").reads, undisturbed("other").reads
    gets = {entry.get for entry in CONTENT_TYPES.values()} | {entry.list_all for entry in CONTENT_TYPES.values()}
    assert {"dashboard", "look", "user", "all_folders", "all_boards", "all_scheduled_plans"} <= gets & {*same}
    assert {"search_dashboards", "search_looks", "search_users", "lookml_model_explore"} <= {*other}


BODIES = [*zip(NO_OBJECT, NO_ROWS, strict=True)]


def rotated(
    operations: tuple[str, ...], bodies: list[tuple[str, str]], first: int
) -> list[tuple[str, tuple[str, str]]]:
    """Each operation with one of the bodies; all bodies occur. All values of ``first`` make the product of both."""
    assert len(operations) >= len(bodies)
    return [(name, bodies[(number + first) % len(bodies)]) for number, name in enumerate(operations)]


@pytest.mark.parametrize("first", one_of(range(len(BODIES))))
def test_a_read_without_usable_answers_fails_the_items_that_need_it(tmp_path: Path, first: int) -> None:
    for operation, bodies in rotated(undisturbed("same").reads, BODIES, first):
        disturb(tmp_path / operation, "same", operation, bodies)


@pytest.mark.parametrize("nth", one_of([1, 2]))
def test_a_read_with_one_unusable_answer_is_repeated(tmp_path: Path, nth: int) -> None:
    assert undisturbed("same").reads
    for operation in undisturbed("same").reads:
        body = OPERATIONS[operation].answer.content == "rows"
        with drifted(tmp_path / operation) as setup:
            setup.simulator.fault(("body:null", "body:{}")[body], operation=operation, nth=nth)
            outcomes = restore_all(setup, "same")
            failed = [error for error in outcomes.values() if isinstance(error, ItemError)]
            assert not failed, f"{operation}: {failed}"
            assert counts(ids_of(setup.world)) == undisturbed("same").counts, operation


ELSEWHERE = [("body:null", "body:null"), ("body:{}", 'body:[{"id": null}]'), (PAGE, PAGE)]


@pytest.mark.parametrize("first", one_of(range(len(ELSEWHERE))))
def test_in_another_instance_an_unusable_answer_does_not_mean_missing(tmp_path: Path, first: int) -> None:
    """There everything is matched by name: an unusable answer to a search must not cause another create."""
    for operation, bodies in rotated(undisturbed("other").reads, ELSEWHERE, first):
        disturb(tmp_path / operation, "other", operation, bodies)


CREATES = {
    "create_dashboard": "dashboard=1",
    "create_dashboard_element": "dashboard=1",
    "create_dashboard_filter": "dashboard=1",
    "create_look": "look=1",
    "create_folder": "folder=10",
    "create_group": "group=2",
    "create_board": "board=1",
    "create_board_section": "board=1",
    "create_board_item": "board=1",
    "create_user": "user=2",
    "create_user_credentials_email": "user=2",
    "create_scheduled_plan": "scheduled_plan=1",
}
"""Creates, and the missing item that each of them creates."""
SPOILT = ["body:null", "body:[]", 'body:{"id": ""}', 'body:{"id": "1"', PAGE]


def remove(setup: RestoreFixture, key: str) -> None:
    """Delete the item permanently."""
    type_name, _, object_id = key.partition("=")
    operation = OPERATIONS[CONTENT_TYPES[type_name].delete or ""]
    if type_name == "folder":
        for row in list(setup.world.table("look")) + list(setup.world.table("dashboard")):
            row["folder_id"] = "1" if row["folder_id"] == object_id else row["folder_id"]
    setup.call(operation.id, **{operation.path.rpartition("{")[2][:-1]: object_id})


@pytest.mark.parametrize(("operation", "spoilt"), every_value([*CREATES], SPOILT))
def test_a_create_with_an_unusable_answer_is_searched_for_and_adopted(
    tmp_path: Path, operation: str, spoilt: str
) -> None:
    key = CREATES[operation]
    with RestoreFixture(tmp_path / "undisturbed", sizes=ALL_TYPES) as setup:
        remove(setup, key)
        setup.restore(key)
        right = counts(ids_of(setup.world))
    with RestoreFixture(tmp_path / "disturbed", sizes=ALL_TYPES) as setup:
        remove(setup, key)
        fault = setup.simulator.fault(spoilt, handled=True, operation=operation, times=1)
        assert setup.restore(key).outcome == "created"
        assert fault.fired == 1 and counts(ids_of(setup.world)) == right
        assert not setup.reader.open_intents()
        assert setup.restore(key).outcome == "unchanged"


@pytest.mark.parametrize("spoilt", ["body:null", "body:[]", "body:{}", 'body:{"id": "2"}', PAGE])
@pytest.mark.parametrize("times", [1, 0])
def test_an_update_with_an_unusable_answer_is_repeated_or_fails(setup: RestoreFixture, spoilt: str, times: int) -> None:
    title = setup.dashboard("1")["title"]
    setup.call("update_dashboard", {"title": "Somebody's"}, dashboard_id="1")
    fault = setup.simulator.fault(spoilt, handled=True, operation="update_dashboard", times=times)
    if times:
        assert setup.restore("dashboard=1").outcome == "updated"
    else:
        with pytest.raises(BadAnswerError, match="update_dashboard"):
            setup.restore("dashboard=1")
    assert fault.fired == (times or 3)
    setup.simulator.simulation.faults.clear()
    assert (setup.dashboard("1")["title"], setup.restore("dashboard=1").outcome) == (title, "unchanged")


def test_a_dashboard_with_indistinguishable_tiles_is_not_compared(setup: RestoreFixture) -> None:
    """If they counted as missing, all would be created again."""
    tiles = setup.tiles("1").keys()
    fault = setup.simulator.fault(
        'body:{"id": "1", "dashboard_elements": {}, "dashboard_filters": [], "dashboard_layouts": []}',
        operation="dashboard",
    )
    with pytest.raises(BadAnswerError, match="shows a wrong value as dashboard_elements: it is an object, not a list"):
        setup.restore("dashboard=1")
    assert fault.fired
    setup.simulator.simulation.faults.clear()
    assert setup.tiles("1").keys() == tiles
