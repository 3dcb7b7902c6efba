"""The memory of the destination: with many threads at once, and where a listing fails."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lrestore.credentials import Credentials
from lrestore.errors import BadAnswerError, LookerError, NotFoundError, ServerError
from lrestore.looker.read.group_tree import GroupTree
from lrestore.looker.read.listings import SEARCHED
from lrestore.looker.read.live import LISTED, Live
from lrestore.looker.read.users import People
from lrestore.looker.session import LookerSession
from lrestore.ontology import CONTENT_TYPES
from lrestore.simulator.core import schema
from lrestore.simulator.http.server import RunningSimulator

ROWS = 300
THREADS = 8
ROUNDS = 60


@pytest.fixture
def switching() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def hammer(*acts: Callable[[int], object]) -> None:
    """Do all of it at once, over and over; what any of them raises is raised here."""
    barrier = threading.Barrier(THREADS)

    def work(number: int) -> None:
        barrier.wait()
        for turn in range(ROUNDS):
            acts[(number + turn) % len(acts)](number * ROUNDS + turn)

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(work, number) for number in range(THREADS)]:
            done.result()


def rows_of(type_name: str) -> dict[str, dict[str, Any]]:
    """A listing, as another process hands it on."""
    field = CONTENT_TYPES[type_name].id_field
    row = {"parent_id": "1", "title": "T", "explores": [{"name": "orders"}]}
    return {str(one): {**row, "name": f"n{one}", field: str(one)} for one in range(ROWS)}


@pytest.mark.usefixtures("switching")
@pytest.mark.parametrize("type_name", sorted(LISTED))
def test_a_listing_can_be_read_while_it_is_written(session: LookerSession, type_name: str) -> None:
    """Each thread of a worker looks through listings while others note what they have made."""
    live = Live(session, {name: rows_of(name) for name in LISTED})
    field = CONTENT_TYPES[type_name].id_field

    def put(number: int) -> None:
        live.put(type_name, {"name": f"new {number}", "parent_id": "1", field: f"new {number}"})

    hammer(
        put,
        lambda _: live.find(type_name, {"title": "T"}),
        lambda _: sum(1 for _ in live.table(type_name).values()),
        lambda number: live.forget(type_name, f"new {number - 1}"),
        lambda _: live.folders_at("1", "N7") if type_name == "folder" else live.tables({type_name}),
        lambda _: live.flagged_folder("is_shared_root"),
        lambda number: live.get(type_name, str(number % ROWS)),
    )
    assert rows_of(type_name).keys() <= live.table(type_name).keys()


@pytest.mark.usefixtures("switching")
def test_copies_and_existence_can_be_asked_for_while_they_are_noted(session: LookerSession) -> None:
    live = Live(session, {"user": rows_of("user")})
    hammer(
        lambda number: live.note("dashboard", str(number)),
        lambda _: live.exists("dashboard", "1"),
        lambda number: live.get("user", str(number % ROWS)) if number < ROWS else None,
        lambda _: live.read_ahead("user"),
        lambda _: live.prefetch("dashboard", "1"),
        lambda _: live.look_anew("look"),
    )
    assert live.exists("dashboard", "1")


@pytest.mark.usefixtures("switching")
def test_groups_can_be_followed_while_they_are_moved() -> None:
    groups = [{"id": str(one), "parent_group_ids": [str(one // 2)], "role_ids": [str(one % 5)]} for one in range(ROWS)]
    hierarchy = GroupTree(lambda operation, query, complete: iter(groups), tuple)
    hammer(
        lambda number: hierarchy.note(f"new {number}", "1", inside=True),
        lambda number: hierarchy.above(str(number % ROWS)),
        lambda _: hierarchy.inside("1"),
        lambda _: hierarchy.holders("1"),
        lambda number: hierarchy.roles(str(number % ROWS)),
        lambda number: hierarchy.note(f"new {number}", "1", inside=False),
    )
    assert {"2", "3"} <= (hierarchy.inside("1") or set())


@pytest.mark.parametrize(("listed", "pages"), [(True, 2), (False, 3)])
def test_the_nesting_of_groups_is_read_until_it_shows_all_that_are_listed(
    simulator: RunningSimulator, session: LookerSession, monkeypatch: pytest.MonkeyPatch, listed: bool, pages: int
) -> None:
    """However few the server shows at once. Without a listing only an empty page shows the end."""
    groups = len(simulator.simulation.world.table("group"))
    first = groups // 2 + 1
    live = Live(session)
    if listed:
        assert len(live.table("group")) == groups
    monkeypatch.setattr(simulator.simulation.config, "page_cap", first)
    simulator.log.clear()
    for number in range(1, groups + 1):
        assert live.hierarchy.above(str(number)) is not None
    asked = [call for call in simulator.log.calls if call.operation == "search_groups_with_hierarchy"]
    assert len(asked) == pages


def test_a_listing_of_nested_groups_that_fails_is_asked_for_once(
    simulator: RunningSimulator, session: LookerSession
) -> None:
    """Otherwise each user would repeat it, and become a dead letter."""
    simulator.fault("status:500", operation="search_groups_with_hierarchy")
    live = Live(session)
    simulator.log.clear()
    assert [live.hierarchy.above("1"), live.hierarchy.roles("2"), live.hierarchy.inside("1")] == [None] * 3
    asked = [call for call in simulator.log.calls if call.operation == "search_groups_with_hierarchy"]
    assert len(asked) == 1


@pytest.mark.usefixtures("switching")
def test_users_are_found_while_everybody_is_read(session: LookerSession) -> None:
    rows = [{"id": str(one), "email": f"u{one}@x.org"} for one in range(ROWS)]

    def pages(operation: str, query: Any) -> Iterator[dict[str, Any]]:
        wanted = query.get("email")
        return iter([row for row in rows if wanted is None or row["email"] == wanted.casefold()])

    people = People(session, pages)
    found: list[list[dict[str, Any]]] = []
    hammer(lambda number: found.append(people.by_email(f"U{number % ROWS}@x.org")))
    assert {len(one) for one in found} == {1}


def test_what_is_given_out_is_nobody_elses(session: LookerSession) -> None:
    live = Live(session, {name: rows_of(name) for name in LISTED})
    assert LISTED
    for type_name in sorted(LISTED):
        before = live.table(type_name)
        assert before
        live.table(type_name).clear()
        live.find(type_name, {"title": "T"}).clear()
        (live.tables({type_name})[type_name] or {}).clear()
        assert live.table(type_name) == before


@pytest.mark.parametrize("type_name", sorted(LISTED))
@pytest.mark.parametrize("fault", ["status:500", "status:403", "body:null", 'body:[{"id": null}]', "reset_before"])
def test_where_a_listing_cannot_be_had_objects_are_read_one_by_one(
    simulator: RunningSimulator, session: LookerSession, type_name: str, fault: str
) -> None:
    entry = CONTENT_TYPES[type_name]
    known = Live(session).table(type_name)
    object_id = next(iter(known))
    broken = simulator.fault(fault, operation=entry.list_all)
    live = Live(session)
    assert live.exists(type_name, object_id) and not live.exists(type_name, "999")
    assert (live.get(type_name, object_id) or {}).get("name") == known[object_id].get("name")
    assert live.created_at(type_name, object_id) == known[object_id].get("created_at")
    assert live.beyond(type_name, "999") is None
    if entry.search:
        key = {name: str(known[object_id][name]) for name in SEARCHED[type_name] if known[object_id].get(name)}
        assert [row[entry.id_field] for row in live.find(type_name, key)] == [object_id]
    assert live.tables({type_name}) == {type_name: None}
    asked = broken.fired
    told = []
    for _ in range(2):
        with pytest.raises(LookerError) as caught:
            live.table(type_name)
        told.append(caught.value)
    assert broken.fired == asked, "what has just failed is not asked for again"
    assert told[0] is not told[1], "each item notes on its error what it was at"


def test_a_listing_that_failed_elsewhere_is_not_asked_for_again(
    simulator: RunningSimulator, session: LookerSession
) -> None:
    live = Live(session, {"folder": None})
    seen = len(simulator.log.calls)
    assert live.exists("folder", "1") and live.exists("folder", "1") and live.flagged_folder("is_users_root")
    calls = Counter(call.operation for call in list(simulator.log.calls)[seen:])
    assert calls["all_folders"] == 0 and calls["folder"] == 1
    with pytest.raises(LookerError, match="could not be listed"):
        live.table("folder")


def test_what_the_run_makes_is_known_without_a_listing(simulator: RunningSimulator, session: LookerSession) -> None:
    live = Live(session, {"group": None})
    assert not live.exists("group", "77")
    live.put("group", {"id": "77", "name": "made"})
    assert live.exists("group", "77")
    live.forget("group", "77")
    assert not live.exists("group", "77")


def test_a_listing_that_takes_too_long_is_asked_for_twice(simulator: RunningSimulator) -> None:
    slow = simulator.fault("hang", operation="all_folders")
    key = Credentials(simulator.client_id, simulator.client_secret)
    with LookerSession(simulator.base_url, key, timeout_s=0.5, max_retries=5, pause=lambda _: False) as session:
        assert Live(session).exists("folder", "1")
    assert slow.fired == 2


@pytest.mark.parametrize("error", [ServerError, BadAnswerError])
def test_an_unreadable_object_is_neither_there_nor_missing(
    simulator: RunningSimulator, session: LookerSession, error: type[LookerError]
) -> None:
    simulator.fault("status:500" if error is ServerError else "body:null", operation="dashboard")
    live = Live(session)
    for ask in (live.exists, live.get, live.prefetch):
        with pytest.raises(error):
            ask("dashboard", "1")
    simulator.simulation.faults.clear()
    assert live.exists("dashboard", "1")


def test_single_searches_take_the_fields_that_are_asked_for() -> None:
    assert SEARCHED
    for type_name, names in SEARCHED.items():
        search = CONTENT_TYPES[type_name].search
        assert search and names <= schema.operations()[search].query.keys()


def test_a_404_alone_says_that_something_is_missing(simulator: RunningSimulator, session: LookerSession) -> None:
    assert Live(session).get("dashboard", "999") is None
    with pytest.raises(NotFoundError):
        session.call("dashboard", path={"dashboard_id": "999"})


@pytest.mark.parametrize(
    ("type_name", "operation"), [("board", "all_boards"), ("scheduled_plan", "all_scheduled_plans")]
)
def test_an_empty_listing_is_read_once_more_before_it_counts(
    simulator: RunningSimulator, session: LookerSession, type_name: str, operation: str
) -> None:
    fault = simulator.fault("body:[]", operation=operation, times=1)
    assert len(Live(session).table(type_name)) == 2
    assert fault.fired == 1
    simulator.fault("body:[]", operation=operation)
    assert Live(session).table(type_name) == {}


def test_an_empty_listing_of_folders_does_not_hide_the_folders(
    simulator: RunningSimulator, session: LookerSession
) -> None:
    simulator.fault("body:[]", operation="all_folders")
    live = Live(session)
    assert live.exists("folder", "1")
    with pytest.raises(BadAnswerError, match="empty list"):
        live.table("folder")


def test_a_user_that_was_read_whole_is_known_to_exist(session: LookerSession) -> None:
    """The read leaves its facts, and the question for existence finds those first."""
    live = Live(session)
    assert live.get("user", "2") is not None
    assert live.exists("user", "2")
    assert not live.exists("user", "999")
