"""Items that cannot be restored are reported precisely everywhere, and the run continues."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from lrestore.simulator.core.faults import Fault, FaultMatch
from tests.acceptance.instance_fixture import SMALL, InstanceFixture
from tests.acceptance.proxy import Exchange


def test_lookers_field_errors_reach_terminal_report_and_dead_letter(instance: InstanceFixture) -> None:
    """FR-020, FR-021, FR-025, B17."""
    instance.edit("dashboard", "1", title="Changed")
    instance.simulator.simulation.faults.add(
        [Fault(fault="status:422", match=FaultMatch(operation="update_dashboard"))]
    )
    ran = instance.run("--select", "dashboard=1")
    letter = ran.letter()
    assert (ran.code, letter["status"], letter["error_type"]) == (1, 422, "ValidationError")
    assert letter["errors"] == [{"field": "base", "code": "invalid", "message": "Refused by a fault of the simulator"}]
    assert "Refused by a fault of the simulator" in ran.out and "base" in ran.out
    (kept,) = instance.rows("dead-letters")
    assert kept["type"] == "dashboard" and kept["status"] == 422
    assert "Refused by a fault of the simulator" in msgspec.json.encode(kept).decode()
    assert "Refused by a fault of the simulator" in instance.run("--show", "dead-letters").out


def test_a_refusal_is_not_repeated_whatever_its_words(instance: InstanceFixture) -> None:
    """B18: a 422 that says 429 is a 422."""
    instance.edit("dashboard", "1", title="Changed")
    rule = instance.simulator.fault("status:422", operation="update_dashboard")
    instance.run("--select", "dashboard=1")
    assert rule.fired == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_is_transient_is_no_dead_letter(instance: InstanceFixture, status: int) -> None:
    """FR-019, B19: LookerVault repeats nothing but 429."""
    instance.edit("dashboard", "1", title="Changed")
    instance.simulator.fault(f"status:{status}", retry_after=0, operation="update_dashboard", times=2)
    ran = instance.run("--select", "dashboard=1").all_good()
    assert ran.total("updated") == 1 and ran.report["api"]["retries"] == 2
    assert ran.report["api"]["rate_limited"] == (2 if status == 429 else 0)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xc1",
        b"\x93\x01\x02\x03",
        b"\x81\xa5title\xc0",
        b"\x82\xa2id",
        b"not msgpack at all",
        b"\xdf\xff\xff\xff\xff",
    ],
)
def test_a_corrupt_item_is_a_dead_letter_and_the_others_are_restored(instance: InstanceFixture, content: bytes) -> None:
    """FR-003, FR-022."""
    instance.spoil("dashboard", "2", content)
    instance.edit("dashboard", "1", title="Changed")
    instance.edit("dashboard", "3", title="Changed")
    ran = instance.run("--select", "dashboard")
    letter = ran.letter()
    assert (ran.code, ran.total("updated"), ran.total("failed")) == (1, 2, 1)
    assert (letter["type"], letter["id"]) == ("dashboard", "2") and letter["message"]
    assert "Traceback" not in ran.err + ran.out
    assert {call.path for call in ran.writes} == {"/dashboards/1", "/dashboards/3"}


def test_an_item_that_is_too_large_is_listed_and_not_sent(instance: InstanceFixture) -> None:
    blob = instance.blob("dashboard", "1")
    instance.back_up("dashboard", "1", {**blob, "description": "x" * 20_000})
    ran = instance.run("--select", "dashboard=1", LRESTORE_RUN_MAX_ITEM_BYTES="10000")
    assert (ran.code, ran.writes) == (1, [])
    assert ran.letter()["error_type"] == "OversizedItemError" and "10000" in ran.letter()["message"].replace(",", "")


def test_an_item_that_is_not_in_the_backup_says_what_is(instance: InstanceFixture) -> None:
    ran = instance.run("--select", "dashboard=4711")
    assert ran.code == 1 and "dashboard=4711 is not in the backup" in ran.letter()["message"]


def test_a_backup_that_lacks_what_looker_requires_is_found_before_the_call(instance: InstanceFixture) -> None:
    """FR-009."""
    blob = instance.blob("dashboard", "1")
    instance.delete("dashboard", "1")
    instance.back_up("dashboard", "1", {name: value for name, value in blob.items() if name != "folder_id"})
    ran = instance.run("--select", "dashboard=1")
    assert (ran.code, ran.writes) == (1, [])
    assert ran.letter()["errors"][0]["field"] == "folder_id"


def test_a_create_that_two_new_boards_may_have_made_is_a_dead_letter_until_one_is_gone(tmp_path: Path) -> None:
    """Another user makes an equal board at the same moment, and no answer comes: neither is taken, no third is made."""
    with InstanceFixture(tmp_path, sizes=replace(SMALL, boards=1)) as instance:
        boards, old = instance.world.table("board"), instance.world.get("board", "1")
        assert old is not None
        instance.delete("board", "1")

        def twice(exchange: Exchange) -> None:
            if (exchange.method, exchange.path) == ("POST", "/boards"):
                made = boards.records[str(exchange.answer["id"])]
                boards.put({**made, "id": instance.world.new_id("board")})
                exchange.status, exchange.answer = 504, None

        instance.through(after=[twice])
        arguments = ("--select", "board=1")
        for again in (False, True):
            ran = instance.run(*(("--retry-dead-letters",) if again else arguments), LRESTORE_RUN_SETTLE_S="0.1")
            letter = ran.letter()
            assert (ran.code, letter["error_type"]) == (1, "AmbiguousMatchError")
            assert all(f"{row['id']}" in letter["message"] for row in boards) and len(boards) == 2
            assert ran.operations["create_board"] == int(not again)
        boards.remove(max(boards.records))
        instance.run("--retry-dead-letters", LRESTORE_RUN_SETTLE_S="0.1").all_good()
        (whole,) = boards
        assert (whole["title"], len(whole["section_order"])) == (old["title"], len(old["section_order"]))
