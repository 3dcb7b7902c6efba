"""The screen before the first write says what is at stake, and for whom."""

from __future__ import annotations

import msgspec
import pytest

from lrestore.report.guards import BackupFacts, Disk, Foreseen, Guards, OpeningDestination, lines

DESTINATION = OpeningDestination(base_url="https://looker", user="Ada", looker_version="26.12.3")
SCREEN = Guards(
    session_id="s1",
    selected=3,
    by_type={"dashboard": 2, "scheduled_plan": 1},
    backup=BackupFacts(paths=("vault.db",), instance="prod", age="2 hours old"),
    destination=DESTINATION,
)


def line(label: str, **changes: object) -> str:
    return dict(lines(msgspec.structs.replace(SCREEN, **changes)))[label]


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({}, "not checked yet whether this user is an admin"),
        ({"admin": True}, "an admin: an object that Looker does not show is missing, and is created"),
        ({"admin": False}, "may only be hidden, and is not created"),
        ({"admin": False, "creates_unseen": True}, "it is created anyway ([run] trust_404)"),
    ],
)
def test_what_is_done_with_objects_that_looker_does_not_show(facts: dict[str, bool], told: str) -> None:
    assert told in line("caller", destination=msgspec.structs.replace(DESTINATION, **facts))


@pytest.mark.parametrize(
    ("foreseen", "loss", "told"),
    [
        (None, False, "not planned; tiles with live alerts are kept"),
        (None, True, "not planned; tiles with live alerts may be deleted (--allow-alert-loss)"),
        (Foreseen(), True, "none at stake"),
        (Foreseen(alerts=2), False, "2 tiles with live alerts, not in the backup: kept"),
        (Foreseen(alerts=1), True, "1 tile with live alerts will be deleted, and the alerts with them"),
    ],
)
def test_what_becomes_of_alerts(foreseen: Foreseen | None, loss: bool, told: str) -> None:
    assert told in line("alerts", foreseen=foreseen, allow_alert_loss=loss)


def test_plans_that_will_send_again() -> None:
    assert line("plans", disable_schedules=True) == "restored switched off (--disable-schedules)"
    assert line("plans", enabled_plans=1) == "1 selected scheduled plan is enabled in the backup, and will send again"
    assert line("plans", enabled_plans=2).startswith("2 selected scheduled plans are enabled")


def test_limits_that_were_overridden_and_the_room_on_the_disk() -> None:
    assert line("overridden", overridden=("max_updates: 9 items", "max_deletions: 1 part")) == (
        "max_updates: 9 items, max_deletions: 1 part"
    )
    assert "1.0 KiB free in /state" in line("disk", disk=Disk("/state", 1024, 10))
