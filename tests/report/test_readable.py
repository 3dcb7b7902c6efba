"""Items, values, skips, warnings and deletions as people read them: short, and nothing that counts left out."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from lrestore.messages import Change, Deletion
from lrestore.report import text
from lrestore.report.changes import leaves
from lrestore.report.item_lines import Style
from lrestore.text.terminal import columns
from tests.report.builders import item, report

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


def test_a_created_object_is_shown_by_its_parts_and_its_fields_with_v() -> None:
    paths = ["title", *(f"dashboard_elements[{number}].title" for number in range(6)), "dashboard_elements[0].type"]
    paths += ["dashboard_layouts[0].type", "dashboard_filters[0].name", "dashboard_filters[1].name"]
    made = report([item("created", changes=tuple(Change(path, None, "x") for path in paths))])
    assert text.plan(made) == "create    dashboard=42 Sales: 6 tiles, 2 filters, 1 layout\n"
    assert text.plan(made, Style(full=True)).splitlines()[1] == '    title: null → "x"'


def test_nested_values_are_shown_by_the_paths_that_differ() -> None:
    old = {"series_colors": {"x": "red", "y": "blue"}, "steps": [{"a": 1}, {"a": 2}], "limit": 5}
    new = {"series_colors": {"x": "green", "y": "blue"}, "steps": [{"a": 1}, {"a": 3}], "limit": 5}
    shown = text.plan(report([item(changes=(Change("vis_config", old, new),))])).splitlines()[1:]
    assert shown == ['    vis_config.series_colors.x: "red" → "green"', "    vis_config.steps[1].a: 2 → 3"]


def test_a_part_that_the_object_gets_is_announced() -> None:
    """A tile that was deleted comes back; of one that exists, null fields say nothing of the kind."""
    made = {
        "dashboard_elements[4].title": "Revenue",
        "dashboard_elements[4].type": "vis",
        "dashboard_layouts[1].type": "a",
    }
    changes = [
        Change("dashboard_elements[3].note_text", None, "x"),
        *(Change(path, None, new) for path, new in made.items()),
    ]
    assert text.plan(report([item(changes=tuple(changes))])).splitlines()[1:] == [
        '    dashboard_elements[3].note_text: null → "x"',
        "    new tile 'Revenue'",
        '    dashboard_elements[4].title: null → "Revenue"',
        '    dashboard_elements[4].type: null → "vis"',
        "    new layout",
        '    dashboard_layouts[1].type: null → "a"',
    ]


@given(_JSON, _JSON)
def test_every_change_is_shown_by_at_least_one_path(old: object, new: object) -> None:
    """Also true and 1, which Python takes for equal."""
    found = leaves(Change("field", old, new))
    assert found
    assert all(change.path.startswith("field") for change in found)
    assert old == new or all(change.old != change.new for change in found)


def test_skips_and_warnings_of_one_reason_are_one_line_and_listed_with_v() -> None:
    results = [item("skipped", str(number), warnings=("its owner is gone",)) for number in range(3)]
    made = report([msgspec.structs.replace(result, reason="changed after the backup") for result in results])
    assert text.plan(made) == "skip      3 dashboards: changed after the backup (-v lists them)\n"
    assert len(text.plan(made, Style(full=True)).splitlines()) == 3
    assert text.warnings(made.warnings) == "warning: 3 items: its owner is gone (-v lists them)\n"
    assert text.warnings(made.warnings, Style(full=True)).count("    dashboard=") == 3


def test_warnings_of_different_reasons_are_all_shown() -> None:
    texts = ("dashboard=1: its slug is taken", "dashboard=2: its owner is gone", "backup: holds no look", "x: y")
    assert text.warnings(texts).splitlines() == [f"warning: {one}" for one in texts]


def test_deletions_are_shown_in_full_on_a_narrow_terminal() -> None:
    gone = tuple(Deletion("dashboard_element", str(number), "A tile of a long name") for number in range(9))
    made = report([item("updated", "1"), item("updated", "2", deletions=gone)])
    lines = text.deletion_lines(made.items, Style(width=30)).splitlines()
    assert len(lines) == 10
    assert all(line.endswith("A tile of a long name") for line in lines[1:])


def test_titles_are_cut_to_the_width_and_leave_room_for_what_follows() -> None:
    done = msgspec.structs.replace(item("created", "1"), name="数" * 60, destination_id="900")
    (line,) = text.change_lines(report([done]).items, Style(width=50)).splitlines()
    assert columns(line) <= 50
    assert line.endswith("数… → 900")
    assert "数" * 60 in text.change_lines(report([done]).items)
