"""``[verify] ignore``: which differences a pattern takes out."""

from __future__ import annotations

import pytest

from lrestore.messages import Change, Deletion
from lrestore.run.compare.ignore_rules import Ignored, known_names, wrong_pattern

TILE = "dashboard_elements[3].note_text"
PLACE = "dashboard_layouts[0].dashboard_layout_components[12].row"
PIN = "board_sections[1].board_items[0].custom_title"


@pytest.mark.parametrize(
    ("pattern", "type_name", "path", "hit"),
    [
        ("dashboard.refresh_interval", "dashboard", "refresh_interval", True),
        ("dashboard.refresh_interval", "dashboard", "title", False),
        ("*.slug", "dashboard", "slug", True),
        ("look.desc*", "look", "description", True),
        ("look.desc*", "dashboard", "description", False),
        ("look", "look", "title", True),
        ("look", "dashboard", "title", False),
        ("dashboard_element.note_text", "dashboard", TILE, True),
        ("dashboard.dashboard_elements.note_text", "dashboard", TILE, True),
        ("dashboard_element.note_text", "dashboard", "dashboard_elements[3].title", False),
        ("dashboard.title", "dashboard", "dashboard_elements[3].title", False),
        ("dashboard", "dashboard", TILE, True),
        ("dashboard_layout_component.row", "dashboard", PLACE, True),
        ("dashboard_layout.row", "dashboard", PLACE, False),
        ("board_item.custom_*", "board", PIN, True),
        ("group.groups", "group", "groups", True),
        ("user.group_ids", "user", "group_ids", True),
        ("credentials_email.email", "user", "credentials_email.email", True),
        ("dashboard.appearance", "dashboard", "appearance", True),
    ],
)
def test_a_pattern_takes_out_its_fields_and_no_others(pattern: str, type_name: str, path: str, hit: bool) -> None:
    assert not hit or wrong_pattern([pattern]) == ""
    change = Change(path, "live", "backup")
    counts, apart = Ignored([pattern]).changes(type_name, [change])
    assert (counts, apart) == (((), (change,)) if hit else ((change,), ()))


@pytest.mark.parametrize(
    ("pattern", "hit"),
    [
        ("dashboard_element", True),
        ("dashboard_element.*", True),
        ("dashboard", True),
        ("dashboard.dashboard_elements", True),
        ("dashboard_element.title", False),
        ("dashboard_filter", False),
        ("*.slug", False),
    ],
)
def test_a_part_that_the_backup_lacks_goes_with_its_whole_type_only(pattern: str, hit: bool) -> None:
    gone = Deletion("dashboard_element", "7", "Extra")
    counts, apart = Ignored([pattern]).deletions("dashboard", [gone])
    assert (counts, apart) == (((), (gone,)) if hit else ((gone,), ()))


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("", "there is no type ''"),
        ("dashbord.title", "there is no type 'dashbord'; did you mean 'dashboard'?"),
        ("look.titel", "a look has no field 'titel'; did you mean 'title'?"),
        ("dashboard_*.nothing", "no such type has a field 'nothing'"),
    ],
)
def test_a_pattern_without_a_field_is_named(pattern: str, said: str) -> None:
    assert wrong_pattern(["look.title", pattern]) == f"has {pattern!r}: {said}"
    assert wrong_pattern([]) == ""


def test_every_field_that_the_table_knows_may_be_named() -> None:
    assert {"dashboard.dashboard_elements", "explore.name", "scheduled_plan.crontab"} <= known_names()
