"""An object is taken for missing only if the listing and the search of its type agree, a moment ago, and only once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lrestore.looker.read import index, index_table
from lrestore.looker.read.index import InstanceIndex
from lrestore.looker.read.index_files import Claims, Shared
from lrestore.looker.read.live import Live
from lrestore.looker.read.reads import Reads
from lrestore.looker.session import LookerSession
from lrestore.simulator.http.server import RunningSimulator
from tests.looker.read.conftest import IN_TRASH, LOOKS

TITLES = (f"A title that no look has, {number}" for number in range(10**6))


def new() -> dict[str, str | None]:
    """A natural key that no look has."""
    return {"folder_id": "1", "title": next(TITLES)}


def always() -> bool:
    """A caller who sees everything."""
    return True


class Clock:
    """A clock that the test sets; each reading of it may take a while."""

    now = 1000.0
    step = 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def ready(session: LookerSession, clock: Clock, shared: Shared | None = None) -> InstanceIndex:
    """An index that is read at the first question, and whose first answer has been checked."""
    made = InstanceIndex(Reads(session), always, shared, clock)
    for type_name in index.INDEXED:
        made.expect(type_name, index.WORTH_READING_ALONE)
    assert not made.take_missing("look", "88888", new())
    assert not made.take_missing("dashboard", "88888")
    return made


def live_look(session: LookerSession) -> dict[str, str]:
    row = session.call("all_looks")[0]
    return {"id": str(row["id"]), "folder_id": str(row["folder_id"]), "title": str(row["title"])}


def test_an_id_and_a_natural_key_that_no_answer_shows_are_missing(session: LookerSession, clock: Clock) -> None:
    known = ready(session, clock)
    one = live_look(session)
    name = {"folder_id": one["folder_id"], "title": one["title"]}
    assert known.take_missing("look", "99999", new())
    assert known.take_missing("look", None, new())
    assert not known.take_missing("look", one["id"], new())
    assert not known.take_missing("look", "99998", name)
    assert known.take_missing("look", "99998", {**name, "folder_id": "77"})
    assert known.take_missing("dashboard", "99999", {"slug": "no-such-slug"})
    assert not known.take_missing("dashboard", "model::name", {"slug": "no-other-slug"})


def test_an_answer_is_given_once(session: LookerSession, clock: Clock) -> None:
    known = ready(session, clock)
    name = new()
    assert known.take_missing("look", "99999", name)
    assert not known.take_missing("look", "99999", new()), "a second attempt"
    assert not known.take_missing("look", "99998", name), "an item of the same name"


def test_what_is_in_the_trash_is_not_missing(session: LookerSession, clock: Clock) -> None:
    known = ready(session, clock)
    (row, *_) = session.call("search_looks", query={"deleted": True})
    assert not known.take_missing("look", IN_TRASH[0], new())
    assert not known.take_missing("look", None, {"folder_id": str(row["folder_id"]), "title": row["title"]})
    assert not known.lacks_all("look", ["99999", IN_TRASH[0]])
    assert not known.shows_no_trash("look")


def test_a_natural_key_that_is_not_whole_proves_nothing(session: LookerSession, clock: Clock) -> None:
    known = ready(session, clock)
    assert not known.take_missing("look", "99999", {"title": "Title"})
    assert not known.take_missing("look", "99999", {"folder_id": "1", "title": None})
    assert not known.take_missing("look", None)
    assert not known.take_missing("board", "99999")


def test_a_few_questions_are_not_worth_reading_everything(
    session: LookerSession, simulator: RunningSimulator, clock: Clock
) -> None:
    known = InstanceIndex(Reads(session), always, None, clock)
    for number in range(index.WORTH_READING_ALONE - 1):
        assert not known.take_missing("look", str(90000 + number), new())
    assert not simulator.log.calls
    assert not known.take_missing("look", "99998", new()), "the first answer is checked"
    assert known.take_missing("look", "99999", new())
    calls = len(simulator.log.calls)
    assert known.take_missing("look", "99997", new())
    assert len(simulator.log.calls) == calls


def test_some_answers_are_checked_by_reads(session: LookerSession, clock: Clock) -> None:
    known = ready(session, clock)
    answers = [known.take_missing("look", str(90000 + number)) for number in range(2 * index_table.CONTROL_EVERY)]
    assert answers.count(False) == 2
    batches = [known.lacks_all("look", ["99999"]) for _ in range(2 * index_table.CONTROL_EVERY_BATCH)]
    assert batches.count(False) == 2


def test_the_index_is_believed_for_a_minute(session: LookerSession, simulator: RunningSimulator, clock: Clock) -> None:
    known = ready(session, clock)
    name = new()
    template = session.call("look", path={"look_id": live_look(session)["id"]})
    made = session.call("create_look", body={**name, "query_id": template["query_id"]})
    clock.now += index.GOOD_FOR_S - 1
    assert known.take_missing("look", None, new())
    clock.now += 1
    assert not known.take_missing("look", None, new()), "too few questions to read it anew"
    known.expect("look", index.WORTH_READING_ALONE)
    assert not known.take_missing("look", None, name)
    assert known.take_missing("look", None, new())
    session.call("delete_look", path={"look_id": made["id"]})


def test_lists_that_take_longer_than_they_are_believed_prove_nothing(session: LookerSession, clock: Clock) -> None:
    known = InstanceIndex(Reads(session), always, None, clock)
    clock.step = index.GOOD_FOR_S
    known.expect("look", index.WORTH_READING_ALONE)
    assert [known.take_missing("look", str(one)) for one in range(90000, 90004)] == [False] * 4


def test_a_caller_who_may_not_see_everything_is_told_nothing(
    session: LookerSession, simulator: RunningSimulator, clock: Clock
) -> None:
    known = InstanceIndex(Reads(session), clock=clock)
    known.expect("look", index.WORTH_READING_ALONE)
    assert not any(known.take_missing("look", str(one)) for one in range(90000, 90004))
    assert not simulator.log.calls


def test_what_a_process_of_the_run_has_written_is_there(session: LookerSession, clock: Clock, tmp_path: Path) -> None:
    shared = Shared(tmp_path, "run 1", index.INDEXED)
    known, other = ready(session, clock, shared), ready(session, clock, shared)
    name = new()
    other.note("look", {"id": "500", **name})
    assert not known.take_missing("look", None, name)
    assert not known.take_missing("look", "500", new())
    other.note("look", {"id": "501", "title": "Only its title was changed"})
    assert not known.take_missing("look", "501", new())


@pytest.mark.parametrize(
    ("changed", "told"), [(["description"], False), (["title"], True), (["deleted"], True), (None, True)]
)
def test_a_write_is_told_if_it_may_change_what_the_index_says(
    session: LookerSession, tmp_path: Path, changed: list[str] | None, told: bool
) -> None:
    """Most writes change none of the fields by which an object is found."""
    live = Live(session, sees_all=always, shared=Shared(tmp_path, "run 1", frozenset({"look"})))
    live.put("look", {"id": "500", **new(), "description": "Other"}, changed)
    claims = [file for file in tmp_path.rglob("*") if file.is_file() and file.stat().st_size]
    assert bool(claims) == told


def test_a_name_that_no_answer_shows_is_lacking_however_often_it_is_asked_for(
    session: LookerSession, clock: Clock, tmp_path: Path
) -> None:
    """Nothing is created because of it. What the run has written may be there."""
    shared = Shared(tmp_path, "run 1", index.INDEXED)
    known, other = ready(session, clock, shared), ready(session, clock, shared)
    one, name = live_look(session), new()
    assert known.take_missing("look", None, name)
    assert known.lacks_name("look", name) and other.lacks_name("look", name)
    assert not known.lacks_name("look", {"folder_id": one["folder_id"], "title": one["title"]})
    assert not known.lacks_name("look", {"folder_id": None, "title": "no folder"})
    other.note("look", {"id": "500", **name})
    assert not known.lacks_name("look", name)
    clock.now += index.GOOD_FOR_S
    assert not InstanceIndex(Reads(session), index.never, shared, clock).lacks_name("look", new()), "not seen by all"


def test_a_process_that_cannot_tell_the_others_what_it_writes_answers_no_more(
    session: LookerSession, clock: Clock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shared = Shared(tmp_path, "run 1", index.INDEXED)
    known = ready(session, clock, shared)
    assert known.take_missing("look", "99999", new())
    with shared.path("look").with_suffix(".claims").open("ab") as file:
        file.write(b"cut")
    known.note("look", {"id": "500", **new()})
    assert "other processes may not see what this one writes" in caplog.text
    assert not any(known.take_missing("look", str(one), new()) for one in range(90000, 90003))


def test_an_answer_is_given_to_one_process(session: LookerSession, clock: Clock, tmp_path: Path) -> None:
    shared = Shared(tmp_path, "run 1", index.INDEXED)
    known, other = ready(session, clock, shared), ready(session, clock, shared)
    name = new()
    assert known.take_missing("look", "99999", name)
    assert not other.take_missing("look", "99999")
    assert not other.take_missing("look", "99998", name)
    assert other.take_missing("look", "99997", new())
    assert not known.take_missing("look", "99997")


def test_claims_that_cannot_be_shared_end_the_answers(session: LookerSession, clock: Clock, tmp_path: Path) -> None:
    shared = Shared(tmp_path, "run 1", index.INDEXED)
    known = ready(session, clock, shared)
    assert known.take_missing("look", "99999", new())
    with shared.path("look").with_suffix(".claims").open("ab") as file:
        file.write(b"cut")
    assert [known.take_missing("look", str(one)) for one in range(90000, 90003)] == [False] * 3


def test_claims_of_another_process_are_read_whole(tmp_path: Path) -> None:
    first, second = Claims(tmp_path / "claims"), Claims(tmp_path / "claims")
    assert first.take([1, 2])
    second.add([3])
    assert not second.take([4, 2])
    assert not first.take([3])
    assert second.take([4])
    assert first.has(4)
    assert not first.has(5)


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        ("all_looks", "body:[]"),
        ("all_looks", "body:null"),
        ("all_looks", "status:403"),
        ("all_looks", "truncate"),
        ("all_looks", f"first:{LOOKS - 3}"),
        ("all_looks", "first:1"),
        ("search_looks", "body:[]"),
        ("search_looks", "status:500"),
        ("search_looks", 'body:[{"id": "1"}]'),
        ("search_looks", 'body:[{"id": "99999", "folder_id": "9", "title": "T", "deleted": false}]'),
        ("search_looks", "first:1"),
        ("search_looks", "ignore:deleted"),
        ("search_looks", "ignore:offset"),
        ("search_looks", f"lag:{10**9}"),
    ],
)
def test_answers_that_disagree_or_fail_prove_nothing(
    session: LookerSession, simulator: RunningSimulator, clock: Clock, operation: str, fault: str
) -> None:
    simulator.fault(fault, operation=operation)
    known = ready(session, clock)
    assert not any(known.take_missing("look", str(one), new()) for one in range(90000, 90003))


@pytest.mark.parametrize("reading", [1, 5])
def test_a_trash_that_is_shown_differently_is_read_again(
    session: LookerSession, simulator: RunningSimulator, clock: Clock, reading: int
) -> None:
    """Each list takes two calls, an empty one takes one."""
    simulator.fault("body:[]", operation="search_looks", nth=reading)
    known = ready(session, clock)
    assert not any(known.take_missing("look", one) for one in IN_TRASH)
    assert known.take_missing("look", "99999", new())
    assert sum(call.operation == "all_looks" for call in simulator.log.calls) == 2


def test_without_any_trash_the_trash_is_searched_all_the_same(
    session: LookerSession, simulator: RunningSimulator, clock: Clock
) -> None:
    simulator.fault("body:[]", operation="search_looks", nth=1)
    simulator.fault("body:[]", operation="search_looks", nth=4)
    known = ready(session, clock)
    assert known.take_missing("look", "99999", new())
    assert known.shows_no_trash("look")
    assert not any(known.lacks_all("look", ["99998"]) for _ in range(3))


def test_small_pages_show_everything(session: LookerSession, simulator: RunningSimulator, clock: Clock) -> None:
    simulator.fault("first:3", operation="search_looks")
    known = ready(session, clock)
    assert known.take_missing("look", "99999", new())
    assert not any(known.take_missing("look", str(one)) for one in range(1, LOOKS + 1))


def test_pages_between_which_an_object_left_the_trash_are_read_again(
    session: LookerSession, simulator: RunningSimulator, clock: Clock
) -> None:
    """The second page would begin after an object that no page has shown."""
    simulator.fault("first:1", operation="search_looks", nth=1)
    simulator.fault("body:[]", operation="search_looks", nth=2)
    known = ready(session, clock)
    assert known.take_missing("look", "99999", new())
    assert not any(known.take_missing("look", one) for one in IN_TRASH)
    assert sum(call.operation == "all_looks" for call in simulator.log.calls) == 2


def test_a_type_whose_lists_prove_nothing_is_given_up(
    session: LookerSession, simulator: RunningSimulator, clock: Clock
) -> None:
    simulator.fault("status:403", operation="all_looks")
    known = ready(session, clock)
    for _ in range(6):
        known.expect("look", index.WORTH_READING_ALONE)
        assert not known.take_missing("look", "99999", new())
        clock.now += index.GOOD_FOR_S
    assert sum(call.operation == "all_looks" for call in simulator.log.calls) == 3


def test_a_read_that_shows_what_the_lists_lack_ends_the_answers(
    session: LookerSession, simulator: RunningSimulator, clock: Clock
) -> None:
    """Listing and search leave out the same object: the read that checks an answer shows it."""
    rows = session.call("search_looks", query={"fields": "id,folder_id,title,deleted", "sorts": "id"})
    kept = [row for row in rows if str(row["id"]) != "7"]
    simulator.fault(f"body:{json.dumps(kept)}", operation="all_looks")
    for page, shown in ((3, kept), (4, kept[-1:])):
        simulator.fault(f"body:{json.dumps(shown)}", operation="search_looks", nth=page)
    live = Live(session, sees_all=always)
    live.index.expect("look", index.WORTH_READING_ALONE)
    assert not live.index.take_missing("look", "7"), "the first answer is checked"
    assert live.index.take_missing("look", "99999")
    assert live.get("look", "7") is not None
    assert not any(live.index.take_missing("look", str(one)) for one in range(90000, 90003))


@pytest.mark.parametrize("when", ["before", "after"])
def test_lists_that_end_early_in_the_same_place_prove_nothing(session: LookerSession, clock: Clock, when: str) -> None:
    """A server that never shows more than so many objects lacks the youngest in both lists."""
    known = ready(session, clock) if when == "after" else InstanceIndex(Reads(session), always, None, clock)
    known.seen("look", ["99999"])
    known.expect("look", index.WORTH_READING_ALONE)
    assert not any(known.take_missing("look", str(one), new()) for one in range(90000, 90003))


def test_the_processes_of_a_run_read_the_lists_once(
    session: LookerSession, simulator: RunningSimulator, clock: Clock, tmp_path: Path
) -> None:
    shared = Shared(tmp_path, "run 1", index.INDEXED)
    ready(session, clock, shared)
    calls = len(simulator.log.calls)
    assert ready(session, clock, shared).take_missing("look", "99999", new())
    assert len(simulator.log.calls) == calls


def test_types_with_few_items_are_not_read(session: LookerSession, simulator: RunningSimulator, tmp_path: Path) -> None:
    known = InstanceIndex(Reads(session), always, Shared(tmp_path, "run 1", frozenset({"dashboard"})))
    known.expect("look", 100)
    assert not any(known.take_missing("look", str(one), new()) for one in range(90000, 90003))
    known.note("look", {"id": "1"})
    assert not simulator.log.calls
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("spoilt", ["another run", "cut off", "old"])
def test_a_file_that_is_not_of_this_run_and_minute_is_not_believed(
    session: LookerSession, simulator: RunningSimulator, clock: Clock, tmp_path: Path, spoilt: str
) -> None:
    ready(session, clock, Shared(tmp_path, "run 1", index.INDEXED))
    shared = Shared(tmp_path, "run 2" if spoilt == "another run" else "run 1", index.INDEXED)
    if spoilt == "cut off":
        shared.path("look").write_bytes(shared.path("look").read_bytes()[:-9])
    if spoilt == "old":
        clock.now += index.GOOD_FOR_S
    calls = len(simulator.log.calls)
    known = InstanceIndex(Reads(session), always, shared, clock)
    assert [known.take_missing("look", str(one), new()) for one in range(90000, 90003)] == [False] * 3
    assert len(simulator.log.calls) == calls
    assert ready(session, clock, shared).take_missing("look", "99999", new())
    assert len(simulator.log.calls) > calls


def test_an_empty_listing_proves_something_once_the_run_has_created_an_object(
    session: LookerSession, simulator: RunningSimulator, clock: Clock, tmp_path: Path
) -> None:
    """As in a migration into an empty instance. An empty listing alone may be wrong."""
    simulator.fault("body:[]", operation="all_looks", times=1)
    shared = Shared(tmp_path, "run 1", index.INDEXED)
    known, other = ready(session, clock, shared), ready(session, clock, shared)
    for one in (known, other):
        one.expect("look", index.WORTH_READING_ALONE)
        assert not one.take_missing("look", "99999", new()), "nothing has been created"
    other.note("look", {"id": "500", **new()})
    assert not other.take_missing("look", "99998", new()), "the first answer is checked"
    assert other.take_missing("look", "99997", new())
    assert sum(call.operation == "all_looks" for call in simulator.log.calls) == 2


@pytest.mark.parametrize("written", [IN_TRASH, IN_TRASH[:1]])
def test_a_trash_is_known_to_be_empty_only_if_the_run_has_taken_everything_out(
    session: LookerSession, simulator: RunningSimulator, clock: Clock, written: tuple[str, ...]
) -> None:
    known = ready(session, clock)
    assert not known.shows_no_trash("look")
    for one in written:
        known.note("look", {"id": one, "deleted": False})
    clock.now += index.GOOD_FOR_S
    simulator.fault(f"body:{json.dumps(session.call('search_looks'))}", operation="all_looks")
    simulator.fault("body:[]", operation="search_looks", nth=1)
    simulator.fault("body:[]", operation="search_looks", nth=4)
    known.expect("look", index.WORTH_READING_ALONE)
    assert known.take_missing("look", "99999", new())
    assert known.shows_no_trash("look") == (written != IN_TRASH)
