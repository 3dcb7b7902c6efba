"""Dead letters as text: one group for each cause, with items, times, retries and remedy."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrestore.errors import ItemError, remedy_of
from lrestore.messages import DeadLetter, FieldError
from lrestore.report.causes import cause_of, grouped_by_cause
from lrestore.report.failures import dead_letters
from lrestore.report.item_lines import Style
from tests.report.builders import letter


def failed(item_id: str, message: str, **facts: object) -> DeadLetter:
    plain = {"errors": (), "path": "", "retries": 0, "status": None, "error_type": "DependencyError", "name": "Sales"}
    return msgspec.structs.replace(letter(item_id=item_id), message=message, **{**plain, **facts})


def lacking(item_id: str, tile: str, explore: str = "ecommerce::orders") -> DeadLetter:
    """As a dashboard without one of its tiles fails."""
    path = f"dashboard_elements[{item_id}]"
    why = f"its tile {tile!r}: explore={explore} is not in the destination"
    message = f"dashboard={item_id} is restored without {why} ({path}.query.view); the rest was restored"
    error = FieldError(f"{path}.query.view", "missing", why)
    return failed(item_id, message, error_type="IncompleteError", errors=(error,), path=f"{path}.query.view")


def test_a_single_dead_letter_shows_field_errors_time_retries_and_remedy() -> None:
    """FR-025."""
    assert dead_letters([letter()]).splitlines() == [
        "failed    dashboard=42 Sales",
        "    ValidationError 422 at dashboard_elements[3]: Looker refuses the content",
        "      title: is too long (too_long)",
        "    failed at 2026-11-23 12:00:00Z, given up after 2 retries",
        "    what to do: correct in Looker what the field errors name, then retry",
    ]


def test_items_of_one_refusal_form_one_group_however_many_writes_each_had() -> None:
    said = "update_x (PATCH /x/{}): 422: refused"
    far = " [{} refused, {} done; running it again continues]"
    letters = [
        failed("1", said.format(1), status=422),
        failed("2", said.format(2) + far.format("1 write", 3), status=422),
        failed("3", said.format(3) + far.format("9 writes", 13), status=422),
    ]
    assert dead_letters(letters).splitlines()[0] == "failed    3 items: update_x (PATCH /x/…): 422: refused"


def test_many_field_errors_are_listed_with_v_only() -> None:
    errors = tuple(FieldError(f"part[{number}].width", "changed", "not as planned") for number in range(40))
    many = [failed("42", "is not as the plan saw it", errors=errors)]
    assert dead_letters(many).splitlines()[-3] == "      ... and 31 more; -v lists them"
    assert len(dead_letters(many, Style(full=True)).splitlines()) == len(dead_letters(many).splitlines()) + 30


def test_items_that_lack_the_same_object_form_one_group() -> None:
    letters = [lacking(str(number), f"Tile {number}") for number in range(1, 201)]
    lines = dead_letters(letters).splitlines()
    assert lines[0] == (
        "failed    200 items: restored without its tile: explore=ecommerce::orders is not in the destination"
    )
    assert lines[1:3] == ["    IncompleteError", "    dashboard=1 Sales"]
    assert lines[-3] == "    ... and 195 more; -v lists them"
    assert lines[-1].startswith("    what to do: ") and len(lines) == 10
    assert len(dead_letters(letters, Style(full=True)).splitlines()) == 204


def test_a_group_of_incomplete_items_says_how_to_get_what_is_missing() -> None:
    remedy = "set [source] base_url (if the source still lives)"
    found = [lacking(str(number), "Tile") for number in range(1, 4)]
    letters = [msgspec.structs.replace(one, message=f"{one.message} ({remedy})") for one in found]
    assert dead_letters(letters).splitlines()[0] == (
        f"failed    3 items: restored without its tile: explore=ecommerce::orders is not in the destination ({remedy})"
    )


def test_the_largest_group_comes_first() -> None:
    letters = [lacking("1", "A", "m::x"), *(lacking(str(number), "A") for number in range(2, 5))]
    assert [len(group.letters) for group in grouped_by_cause(letters)] == [3, 1]


def test_times_and_retries_of_a_group_are_those_of_all_its_items() -> None:
    message = "update_look (PATCH /looks/{0}): 503 Service Unavailable"
    letters = [
        failed("7", message.format(7), type="look", status=503, retries=2, failed_at="2026-11-23T12:00:00.000Z"),
        failed("8", message.format(8), type="look", status=503, retries=5, failed_at="2026-11-23T12:07:30.000Z"),
    ]
    shown = dead_letters(letters)
    assert "failed    2 items: update_look (PATCH /looks/…): 503 Service Unavailable\n" in shown
    assert "failed at 2026-11-23 12:00:00Z to 2026-11-23 12:07:30Z, given up after up to 5 retries" in shown


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("dashboard=1 needs folder=9 (folder_id)", "dashboard=2 needs folder=9 (folder_id)"),
        ("dashboard=1 ('Sales') is not in the destination", "dashboard=2 ('Sales') is not in the destination"),
        (
            "create_dashboard (POST /dashboards): 422: 'Sales' is taken",
            "create_dashboard (POST /dashboards): 422: 'Sales' is taken",
        ),
        ("dashboard_elements[3].query: is wrong", "dashboard_elements[17].query: is wrong"),
        (
            "update_dashboard (PATCH /dashboards/900): 403 Forbidden",
            "update_dashboard (PATCH /dashboards/aBc1): 403 Forbidden",
        ),
    ],
)
def test_facts_of_a_single_item_do_not_change_the_cause(one: str, other: str) -> None:
    assert cause_of(failed("1", one)) == cause_of(failed("2", other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("dashboard=1 needs folder=9 (folder_id)", "dashboard=2 needs folder=8 (folder_id)"),
        ("lookml_model=a is not in the destination", "lookml_model=b is not in the destination"),
        ("update_look (PATCH /looks/1): 403", "update_dashboard (PATCH /dashboards/1): 403"),
    ],
)
def test_another_missing_object_is_another_cause(one: str, other: str) -> None:
    assert cause_of(failed("1", one)) != cause_of(failed("2", other))


def test_names_of_items_do_not_change_the_cause() -> None:
    one = failed("1", "the title Revenue North is taken", name="Revenue North")
    other = failed("2", "the title Revenue South is taken", name="Revenue South")
    assert len(grouped_by_cause([one, other])) == 1


def test_another_status_is_another_group() -> None:
    assert len(grouped_by_cause([failed("1", "refused", status=403), failed("2", "refused", status=422)])) == 2


@given(st.text(), st.text(), st.text())
def test_control_characters_of_a_dead_letter_are_escaped(name: str, message: str, path: str) -> None:
    letters = [failed(str(number), message, name=name, path=path) for number in range(3)]
    for shown in (dead_letters(letters), dead_letters(letters[:1])):
        assert not any(ord(character) < 32 or 126 < ord(character) < 160 for character in shown.replace("\n", ""))


def test_every_error_type_has_a_remedy_and_an_unknown_one_has_the_general() -> None:
    assert "max_item_bytes" in remedy_of("OversizedItemError")
    assert remedy_of("ErrorOfAnotherVersion") == remedy_of("ItemError") == ItemError.remedy


def test_titles_are_cut_only_on_a_terminal() -> None:
    long = failed("1", "refused", name="日本語" * 40)
    assert "日本語" * 40 in dead_letters([long])
    first = dead_letters([long], Style(width=60)).splitlines()[0]
    assert first.endswith(("日…", "本…", "語…"))
