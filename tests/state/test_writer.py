"""Records are read back, a repeated record counts once, and a batch is written completely or not at all."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from lrestore.errors import StateError
from lrestore.messages import Change, Deletion, Intent, ItemKey, ItemResult, ObjectMapping, Totals
from lrestore.ontology.specification import Specification
from lrestore.state.read import StateReader
from lrestore.state.records import MappingRoute, Pace
from lrestore.state.writer import StateWriter
from tests.state.builders import SESSION, dead_letter, noon, result, session

KEY = ItemKey("dashboard", "42")
ROUTE = MappingRoute("prod", "looker.example.com")


def mapped(writer: StateWriter, source_id: str = "42", content_type: str = "dashboard") -> str | None:
    recorded = writer.read.recorded(ROUTE, content_type, source_id)
    return recorded.destination_id if recorded else None


def test_a_session_is_read_back_as_recorded(writer: StateWriter) -> None:
    assert writer.read.session(SESSION) == session(started_at="2026-11-23T12:00:00.000Z")


def test_a_session_id_is_never_used_twice(writer: StateWriter) -> None:
    with pytest.raises(StateError, match=r"sessions\.id"):
        writer.begin_session(session())


def test_the_pace_of_the_last_session_of_a_destination_is_found(writer: StateWriter) -> None:
    here = writer.read.session(SESSION).destination
    assert writer.read.last_pace(here) is None
    for calls in (3, 7):
        latencies = {"dashboard": float(calls)}
        writer.record_pace(SESSION, Pace(calls=calls, latency_ms=12.5, per_second=30, latencies_ms=latencies))
    found = writer.read.last_pace(here)
    assert found is not None and (found.session_id, found.calls, found.per_second) == (SESSION, 7, 30)
    assert found.latencies_ms == {"dashboard": 7.0}
    writer.begin_session(session("s2", started_at="2026-11-24T12:00:00.000Z"))
    writer.record_pace("s2", Pace(calls=0, latency_ms=0))
    assert writer.read.last_pace(here) == found, "a session without calls met no pace"
    assert writer.read.last_pace("elsewhere") is None


def test_the_pace_of_a_session_is_recent_for_a_while(writer: StateWriter) -> None:
    here = writer.read.session(SESSION).destination
    writer.record_pace(SESSION, Pace(calls=7, latency_ms=12.5, per_second=30, reached=31))
    assert writer.read.recent_pace(here, noon()) is None, "the session has not ended"
    writer.end_session(SESSION, "finished", Totals())
    found = writer.read.recent_pace(here, noon())
    assert found is not None and (found.session_id, found.reached) == (SESSION, 31)
    assert writer.read.recent_pace(here, noon() + timedelta(seconds=1)) is None
    assert writer.read.recent_pace("elsewhere", noon()) is None


def test_the_fastest_recent_session_counts_unless_a_later_one_was_refused(writer: StateWriter) -> None:
    here = writer.read.session(SESSION).destination
    found = []
    for name, per_second, reached in (("a", 0, 300), ("b", 0, 20), ("c", 50, 50), ("d", 0, 40), ("e", 0, 60)):
        writer.begin_session(session(name))
        writer.record_pace(name, Pace(calls=7, latency_ms=12.5, per_second=per_second, reached=reached))
        writer.end_session(name, "finished", Totals())
        pace = writer.read.recent_pace(here, noon())
        assert pace is not None
        found.append((pace.session_id, pace.reached))
    assert found == [("a", 300), ("a", 300), ("c", 50), ("c", 50), ("e", 60)]


def test_an_ended_session_keeps_its_totals(writer: StateWriter) -> None:
    writer.end_session(SESSION, "stopped", Totals(selected=3, created=2, failed=1))
    ended = writer.read.session(SESSION)
    assert (ended.status, ended.ended_at, ended.resumable) == ("stopped", "2026-11-23T12:00:00.000Z", True)
    assert ended.totals == Totals(selected=3, created=2, failed=1)


def test_items_that_were_not_attempted_are_pending(path: Path) -> None:
    """This holds while it runs, and after it was killed: then the totals come from its results."""
    with StateWriter.open(path, now=noon) as writer:
        writer.begin_session(session("20261123-b", totals=Totals(selected=3, pending=3)))
        assert writer.read.session("20261123-b").totals == Totals(selected=3, pending=3)
        writer.record_result("20261123-b", result("created", "1"))
        assert writer.read.session("20261123-b").totals == Totals(selected=3, created=1, pending=2)
        writer.end_session("20261123-b", "stopped", Totals(selected=1, created=1))
        assert writer.read.sessions()[-1].totals == Totals(selected=3, created=1, pending=2)
        writer.end_session("20261123-b", "finished", Totals(selected=3, created=2, skipped=1))
        assert writer.read.session("20261123-b").totals == Totals(selected=3, created=2, skipped=1)


def test_a_reopened_session_runs_again_under_its_new_process(writer: StateWriter) -> None:
    writer.end_session(SESSION, "stopped", Totals())
    writer.reopen_session(SESSION, pid=99, host="there")
    reopened = writer.read.session(SESSION)
    assert (reopened.status, reopened.ended_at, reopened.pid, reopened.host) == ("running", "", 99, "there")


def test_an_unknown_session_is_named(writer: StateWriter) -> None:
    with pytest.raises(StateError, match="there is no session nope"):
        writer.record_result("nope", result())


def test_a_result_is_read_back_with_changes_deletions_and_warnings(writer: StateWriter) -> None:
    recorded = msgspec.structs.replace(
        result(),
        changes=(Change("title", "Old", {"deep": [1, None]}),),
        deletions=(Deletion("dashboard_element", "7", "Tile"),),
        warnings=("owner is gone",),
        reason="because",
    )
    writer.record_result(SESSION, recorded)
    assert list(writer.read.results(SESSION)) == [recorded]


def test_finished_items_are_known_for_resume(writer: StateWriter) -> None:
    """FR-024."""
    writer.record_result(SESSION, result("created", "1"))
    writer.record_result(SESSION, result("failed", "2"))
    assert writer.read.outcomes(SESSION) == {ItemKey("dashboard", "1"): "created", ItemKey("dashboard", "2"): "failed"}


def stored_content(writer: StateWriter, key: ItemKey) -> bytes | None:
    """The content of an item in its dead letter."""
    query = "SELECT content FROM dead_letters WHERE session_id = ? AND content_type = ? AND source_id = ?"
    found = writer.connection.execute(query, (SESSION, key.type, key.id)).fetchone()
    return None if found is None else found["content"]


def test_a_dead_letter_keeps_all_facts_about_the_failure(writer: StateWriter) -> None:
    """FR-021, B17."""
    writer.record_result(SESSION, result("failed"), b"\x81\xa2id\xa242")
    (item,) = writer.read.dead_letters(SESSION)
    assert item.letter == dead_letter()
    assert item.content_bytes == 7
    assert stored_content(writer, KEY) == b"\x81\xa2id\xa242"


def test_an_item_without_dead_letter_has_no_content(writer: StateWriter) -> None:
    assert stored_content(writer, KEY) is None


def test_recording_a_message_twice_changes_nothing(writer: StateWriter) -> None:
    """FR-018: a writer that died after its commit gets the message again."""
    for _ in range(2):
        writer.record_result(SESSION, result("failed"), b"x")
        writer.record_result(SESSION, result("created", "43"))
    assert len(writer.read.outcomes(SESSION)) == 2
    assert len(list(writer.read.dead_letters())) == 1
    assert len(list(writer.read.mappings())) == 1


def test_a_second_dead_letter_without_blob_keeps_the_first_ones(writer: StateWriter) -> None:
    writer.record_result(SESSION, result("failed"), b"x")
    writer.record_result(SESSION, result("failed"), None)
    assert stored_content(writer, KEY) == b"x"


def test_an_item_that_succeeds_later_has_no_dead_letter(writer: StateWriter) -> None:
    writer.record_result(SESSION, result("failed"))
    writer.record_result(SESSION, result("updated"))
    assert list(writer.read.dead_letters()) == []


@pytest.mark.parametrize(("outcome", "resolved_by"), [("updated", "later"), ("unchanged", "later"), ("skipped", "")])
def test_a_later_session_resolves_a_dead_letter_by_restoring_the_item(
    writer: StateWriter, outcome: str, resolved_by: str
) -> None:
    writer.record_result(SESSION, result("failed"))
    writer.begin_session(session("later"))
    writer.record_result("later", msgspec.structs.replace(result(), outcome=outcome))
    (item,) = writer.read.dead_letters(SESSION)
    assert item.resolved_by == resolved_by


def test_a_session_for_another_destination_resolves_nothing(writer: StateWriter) -> None:
    writer.record_result(SESSION, result("failed"))
    writer.begin_session(session("elsewhere", destination="other"))
    writer.record_result("elsewhere", result("updated"))
    assert [item.resolved_by for item in writer.read.dead_letters(SESSION)] == [""]


@pytest.mark.parametrize(
    "broken",
    [
        ItemResult(KEY, "Sales", "failed"),
        ItemResult(KEY, "Sales", "updated", dead_letter=dead_letter()),
    ],
)
def test_a_result_has_a_dead_letter_only_if_it_failed(writer: StateWriter, broken: ItemResult) -> None:
    with pytest.raises(ValueError, match="dashboard=42"):
        writer.record_result(SESSION, broken)


def test_a_created_item_is_always_mapped(writer: StateWriter) -> None:
    """FR-008, B4: without its mapping it would be created again by the next run."""
    writer.record_result(SESSION, result("created"))
    assert mapped(writer) == "live-42"


def test_an_explicit_mapping_of_a_result_is_used(writer: StateWriter) -> None:
    writer.record_result(SESSION, result("created", "42", ObjectMapping("dashboard", "42", "900")))
    assert mapped(writer) == "900"


def test_an_unchanged_item_needs_no_mapping(writer: StateWriter) -> None:
    """FR-034."""
    writer.record_result(SESSION, result("unchanged"))
    assert mapped(writer) is None


def test_parts_are_mapped_with_their_item(writer: StateWriter) -> None:
    writer.record_result(SESSION, result("updated", "42", ObjectMapping("dashboard_element", "7", "70")))
    assert mapped(writer, "7", "dashboard_element") == "70"
    assert list(writer.read.recorded_as(ROUTE, "dashboard_element", "70")) == ["7"]


def test_a_mapping_follows_an_object_that_was_created_again(writer: StateWriter) -> None:
    writer.record_mappings(SESSION, [ObjectMapping("look", "1", "10")])
    writer.record_mappings(SESSION, [ObjectMapping("look", "1", "11")])
    assert mapped(writer, "1", "look") == "11"


def test_two_objects_recorded_as_one_live_object_are_warned_about(writer: StateWriter) -> None:
    assert writer.record_mappings(SESSION, [ObjectMapping("look", "1", "10")]) == ()
    assert writer.record_mappings(SESSION, [ObjectMapping("look", "2", "10")]) == (
        "look 1, 2 of prod are all recorded as look 10 of looker.example.com",
    )


def test_the_same_live_id_of_another_type_does_not_clash(writer: StateWriter) -> None:
    mappings = [ObjectMapping("look", "1", "10"), ObjectMapping("dashboard", "2", "10")]
    assert writer.record_mappings(SESSION, mappings) == ()


def test_an_intent_is_open_until_its_object_is_mapped(writer: StateWriter) -> None:
    writer.open_intent(SESSION, Intent(KEY, natural_key="slug-1"))
    assert [waiting.intent for waiting in writer.read.open_intents()] == [Intent(KEY, natural_key="slug-1")]
    writer.record_result(SESSION, result("created"))
    assert writer.read.open_intents() == []


def test_the_intent_of_a_part_is_closed_by_the_mapping_of_the_part(writer: StateWriter) -> None:
    writer.open_intent(SESSION, Intent(KEY, part="dashboard_element/7", parent_id="42"))
    writer.record_mappings(SESSION, [ObjectMapping("dashboard", "42", "42")])
    assert len(writer.read.open_intents(SESSION)) == 1
    writer.record_mappings(SESSION, [ObjectMapping("dashboard_element", "7", "70")])
    assert writer.read.open_intents(SESSION) == []


def test_an_open_intent_puts_only_its_own_item_and_route_in_doubt(writer: StateWriter) -> None:
    """Parts of two items may have the same id, and another Looker has a dashboard 42 of its own."""
    intent = Intent(KEY, part="dashboard_element/7")
    other = Intent(ItemKey("dashboard", "43"), part="dashboard_element/7")
    elsewhere = MappingRoute("prod", "another.example.com")
    writer.open_intent(SESSION, intent)
    read = writer.read
    assert read.last_open_try(ROUTE, intent) and read.in_doubt(ROUTE, KEY, parts=True)
    assert read.open_parts(ROUTE, KEY) == {("dashboard_element", "7")} and len(read.open_intents_of_route(ROUTE)) == 1
    assert read.last_open_try(ROUTE, other) is None and not read.in_doubt(ROUTE, other.key, parts=True)
    assert read.last_open_try(elsewhere, intent) is None and not read.in_doubt(elsewhere, KEY, parts=True)
    assert not read.open_parts(elsewhere, KEY) and not read.open_intents_of_route(elsewhere)
    former = MappingRoute("prod", "looker.example.com:443", former=ROUTE.destination)
    assert read.last_open_try(former, intent) and read.in_doubt(former, KEY, parts=True)


def test_closing_an_intent_records_the_mapping(writer: StateWriter) -> None:
    number = writer.open_intent(SESSION, Intent(KEY))
    writer.close_intent(number, "900")
    assert mapped(writer) == "900"
    assert writer.read.open_intents() == []


def test_a_dropped_intent_is_not_open_and_maps_nothing(writer: StateWriter) -> None:
    writer.drop_intent(writer.open_intent(SESSION, Intent(KEY)))
    assert writer.read.open_intents() == []
    assert mapped(writer) is None


def test_an_intent_of_which_nothing_was_sent_is_no_repeated_create(writer: StateWriter) -> None:
    writer.delete_intent(writer.open_intent(SESSION, Intent(KEY, opened_at="2026-11-23T12:00:01.000Z")))
    again = writer.open_intent(SESSION, Intent(KEY, opened_at="2026-11-23T12:00:07.000Z"))
    writer.close_intent(again, "900")
    assert writer.read.repeated_intents(SESSION) == []
    assert mapped(writer) == "900"


def test_an_intent_sent_twice_is_one_intent(writer: StateWriter) -> None:
    first = writer.open_intent(SESSION, Intent(KEY, natural_key="slug-1"))
    assert writer.open_intent(SESSION, Intent(KEY, natural_key="slug-1")) == first


def test_an_intent_with_another_natural_key_is_another_one(writer: StateWriter) -> None:
    """Both objects may exist, so each must be looked for."""
    first = writer.open_intent(SESSION, Intent(KEY, natural_key="slug-1"))
    assert writer.open_intent(SESSION, Intent(KEY, natural_key="slug-2")) != first


def test_a_failed_item_keeps_its_open_intent(writer: StateWriter) -> None:
    writer.open_intent(SESSION, Intent(KEY))
    writer.record_result(SESSION, result("failed"))
    assert len(writer.read.open_intents(SESSION)) == 1


def test_an_unknown_intent_is_an_error(writer: StateWriter) -> None:
    with pytest.raises(StateError, match="no intent 12"):
        writer.close_intent(12, "1")


def test_checkpoints_are_numbered(writer: StateWriter) -> None:
    """FR-023."""
    for created in (1, 2):
        writer.checkpoint(SESSION, Totals(selected=created, created=created))
    points = writer.connection.execute("SELECT seq, created FROM checkpoints WHERE session_id = ?", (SESSION,))
    assert [tuple(point) for point in points] == [(1, 1), (2, 2)]


def test_a_batch_that_fails_leaves_nothing(writer: StateWriter, path: Path) -> None:
    def batch() -> None:
        with writer.transaction():
            writer.record_result(SESSION, result("created", "1"))
            writer.record_result("nope", result("created", "2"))

    with pytest.raises(StateError):
        batch()
    with StateReader.open(path) as reader:
        assert reader.outcomes(SESSION) == {}


def test_one_bad_message_does_not_fail_the_batch(writer: StateWriter, path: Path) -> None:
    def bad_message() -> None:
        with writer.transaction():
            writer.record_mappings(SESSION, [ObjectMapping("look", "9", "9")])
            writer.record_result("nope", result())

    with writer.transaction():
        writer.record_result(SESSION, result("created", "1"))
        with pytest.raises(ValueError, match="dead letter"):
            writer.record_result(SESSION, ItemResult(KEY, "", "failed"))
        with pytest.raises(StateError):
            bad_message()
    with StateReader.open(path) as reader:
        assert list(reader.outcomes(SESSION)) == [ItemKey("dashboard", "1")]
        assert list(reader.mappings("look")) == []


def test_readers_see_a_batch_only_when_it_is_committed(writer: StateWriter, path: Path) -> None:
    with StateReader.open(path) as reader:
        with writer.transaction():
            writer.record_result(SESSION, result())
            assert reader.outcomes(SESSION) == {}
        assert len(reader.outcomes(SESSION)) == 1


def test_threads_may_share_a_writer(writer: StateWriter) -> None:
    def record(first: int) -> None:
        for number in range(first, first + 20):
            writer.record_result(SESSION, result("created", str(number)))

    threads = [threading.Thread(target=record, args=(first,)) for first in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert writer.read.totals_by_type(SESSION) == {"dashboard": Totals(selected=60, created=60)}


def test_odd_text_and_values_are_recorded_and_not_refused(writer: StateWriter) -> None:
    """A broken name must not lose the record."""
    odd = msgspec.structs.replace(
        result(), name="half \ud83d of a character", changes=(Change("x", 2**70, {"\udc00": object}),)
    )
    writer.record_result(SESSION, odd)
    (read,) = writer.read.results(SESSION)
    assert read.name == "half ? of a character"
    assert str(read.changes[0].new) == "{'?': \"<class 'object'>\"}"


SAID = Specification(release="26.12.3", fields={"Dashboard": {"title": True, "id": False}}, no_types=frozenset({"x"}))


def test_a_specification_is_stored_by_release(writer: StateWriter, path: Path) -> None:
    writer.record_specification("prod", "26.12.3", SAID)
    newer = msgspec.structs.replace(SAID, marks=False)
    writer.record_specification("prod", "26.14.0", SAID)
    writer.record_specification("prod", "26.14.0", newer)
    with StateReader.open(path) as reader:
        assert reader.specification("prod", "26.12.3") == SAID
        assert reader.specification("prod", "26.14.0") == newer
        assert reader.specification("prod", "26.16.0") is None
        assert reader.specification("test", "26.12.3") is None


@pytest.mark.parametrize("change", ["lrestore_version = '0'", "content = '{}'", "content = 'x'"])
def test_a_specification_of_another_lrestore_version_is_ignored(writer: StateWriter, path: Path, change: str) -> None:
    writer.record_specification("prod", "26.12.3", SAID)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE specifications SET {change}")
    assert writer.read.specification("prod", "26.12.3") is None


def test_left_out_fields_are_read_back(writer: StateWriter) -> None:
    recorded = msgspec.structs.replace(result(), left_out=("dashboard.chat_enabled",))
    writer.record_result(SESSION, recorded)
    (found,) = writer.read.results(SESSION)
    assert found.left_out == ("dashboard.chat_enabled",)
