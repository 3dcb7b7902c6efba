"""Selection: what a SPEC means, what is refused, and which rows the filters let through."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrestore.errors import UsageError
from lrestore.filters import Filters, matches, parse_date, subtree
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.selection import Selection, parse_selection
from lrestore.vault.items import IndexRow

TYPES = sorted(CONTENT_TYPES)
ids = st.from_regex(r"[A-Za-z0-9_:]{1,8}", fullmatch=True)
keys = st.builds(ItemKey, st.sampled_from(TYPES), ids)


def unread(path: str) -> str:
    raise AssertionError(f"{path} was read")


def chosen(*specs: str, exclude: tuple[str, ...] = (), **files: str) -> Selection:
    return parse_selection(specs, exclude, lambda path: files[path])


def dashboard(*numbers: str) -> list[ItemKey]:
    return [ItemKey("dashboard", number) for number in numbers]


def refusal(*specs: str, **files: str) -> str:
    with pytest.raises(UsageError) as caught:
        chosen(*specs, exclude=(), **files)
    return str(caught.value)


def test_all_is_everything() -> None:
    selection = chosen("all")
    assert selection.types() is None and selection.whole_types() is None
    assert selection.wants(ItemKey("board", "1")) and selection.explicit_ids() == []


def test_a_type_is_all_of_it_and_nothing_else() -> None:
    selection = chosen("dashboards")
    assert selection.types() == selection.whole_types() == frozenset({"dashboard"})
    assert selection.wants(ItemKey("dashboard", "1")) and not selection.wants(ItemKey("look", "1"))


def test_ids_are_these_items_alone_each_once_in_the_order_of_naming() -> None:
    selection = chosen("dashboard=3,1", "Dashboard = 1, 2,3")
    assert selection.explicit_ids() == dashboard("3", "1", "2")
    assert selection.whole_types() == frozenset() and selection.types() == frozenset({"dashboard"})
    assert not selection.wants(ItemKey("dashboard", "4"))


def test_nothing_named_selects_nothing() -> None:
    selection = chosen()
    assert selection.types() == frozenset() and not selection.wants(ItemKey("look", "1"))


def test_an_excluded_type_is_not_even_read() -> None:
    selection = chosen("all", exclude=("users",))
    assert selection.types() == selection.whole_types() == frozenset(TYPES) - {"user"}


def test_an_excluded_item_leaves_the_rest_of_its_type() -> None:
    selection = chosen("dashboard", exclude=("dashboard=2",))
    assert selection.whole_types() == frozenset({"dashboard"})
    assert not selection.wants(ItemKey("dashboard", "2")) and selection.wants(ItemKey("dashboard", "1"))


def test_all_excluded_leaves_nothing() -> None:
    selection = chosen("all", "look=1", exclude=("ALL",))
    assert selection.types() == frozenset() and selection.explicit_ids() == []


LIST = """\
# what went missing
dashboard=42,43   # Sales

look = 7
@folders
"""


def test_a_list_has_one_spec_per_line_and_comments() -> None:
    selection = chosen("@list", list="\ufeff" + LIST.replace("@folders", "Folders") + "\r\nboard")
    assert selection.explicit_ids() == [*dashboard("42", "43"), ItemKey("look", "7")]
    assert selection.whole_types() == frozenset({"folder", "board"})


def test_a_list_can_be_excluded() -> None:
    assert chosen("dashboard=1,2", exclude=("@list",), list="dashboard=2").explicit_ids() == dashboard("1")


def test_a_list_in_a_list_is_refused_with_its_line() -> None:
    assert "list, line 5" in refusal("@list", list=LIST)


CSV = '''\
spec,name,owner_id,updated_at
dashboard=42,"Sales, ""new""",3,2026-11-20T10:00:00Z
# dashboard=43,Old,3,2026-11-20T10:00:00Z
"look=7","a name
over two lines",4,2026-11-20T10:00:00Z

model_set=1,17,,
'''


def test_of_a_csv_list_the_first_column_counts() -> None:
    """The output of ``--show source --format csv`` is a valid list: columns after the first are no ids."""
    selection = chosen("@list", list=CSV)
    assert selection.explicit_ids() == [*dashboard("42"), ItemKey("look", "7"), ItemKey("model_set", "1")]


def test_an_id_in_a_csv_list_or_in_a_flag_may_have_blanks() -> None:
    spec = "lookml_model=my model"
    for selection in (chosen("@list", list=f"spec,name\n{spec},My model\n"), chosen(spec)):
        assert selection.explicit_ids() == [ItemKey("lookml_model", "my model")]


def test_what_a_csv_list_marks_deleted_counts_where_deleted_rows_take_part() -> None:
    """The list as it was written is the same as all: what the backup marks deleted is left out of both, or in."""
    text = "spec,name,status\nlook=1,a,ok\nlook=2,b,deleted\nlook=3,c,corrupt\n"
    read = {"list": text}.__getitem__
    named = [key.id for key in parse_selection(["@list"], [], read).explicit_ids()]
    with_deleted = [key.id for key in parse_selection(["@list"], [], read, include_deleted=True).explicit_ids()]
    assert (named, with_deleted) == (["1", "3"], ["1", "3", "2"])
    assert not parse_selection(["look"], ["@list"], read).wants(ItemKey("look", "2"))


def test_a_csv_list_may_begin_with_comments_and_have_one_column() -> None:
    assert chosen("@list", list="# mine\n\nSpec\ndashboard=42\n").explicit_ids() == dashboard("42")


@pytest.mark.parametrize(
    "row",
    [
        "dashboard=42,Sales overview,3",
        'dashboard=42,"Sales",3',
        "dashboard=42 Sales",
        "dashboard=42,Sales,3,2026-11-20T10:00:00Z",
        "dashboard=42,17,,3",
    ],
)
def test_rows_whose_header_is_gone_are_refused_rather_than_read_as_ids(row: str) -> None:
    """Dashboard 3 must not be overwritten because 3 is the owner of dashboard 42."""
    assert "list, line 1" in refusal("@list", list=row)


def test_a_wrong_row_of_a_csv_list_is_named_by_its_line() -> None:
    assert "list, line 8" in refusal("@list", list=CSV + "dashbord=1,x,,\n")


def test_quotes_that_do_not_match_are_named_by_their_line() -> None:
    assert "list, line 2: is not CSV" in refusal("@list", list='spec,name\ndashboard=1,"x\ndashboard=2,y\n')


@pytest.mark.parametrize("text", ["", "\n\n# nothing\n", "spec,name\n"])
def test_a_list_of_nothing_is_refused(text: str) -> None:
    assert "list: lists nothing" in refusal("@list", list=text)


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("dashbord=1", "did you mean dashboard?"),
        ("all_", "did you mean all?"),
        ("al", "did you mean all?"),
        ("", "no content type is named"),
        ("=1", "no content type is named"),
        ("dashboard=", "an id is missing"),
        ("dashboard=1,,2", "an id is missing"),
        ("dashboard=1,", "an id is missing"),
        ("all=1", "there is no content type"),
        ("@", "the name of the file is missing"),
        ("@ ", "the name of the file is missing"),
    ],
)
def test_what_is_no_spec_is_refused_naming_flag_or_line(spec: str, complaint: str) -> None:
    message = refusal(spec)
    assert complaint in message and "--select" in message
    with pytest.raises(UsageError, match="--exclude"):
        parse_selection([], [spec], unread)
    if spec and not spec.startswith("@"):
        assert "list, line 2" in refusal("@list", list=f"look\n{spec}\n")


@settings(max_examples=40)
@given(st.lists(keys, min_size=1))
def test_case_plural_and_hyphens_make_no_difference(wanted: list[ItemKey]) -> None:
    assert wanted
    spellings = (str.upper, str.title, lambda word: f"{word}s", lambda word: word.replace("_", "-"))
    plain = parse_selection([str(key) for key in wanted], [], unread)
    for spell in spellings:
        assert parse_selection([f"{spell(key.type)}={key.id}" for key in wanted], [], unread) == plain


@settings(max_examples=40)
@given(st.lists(keys), st.lists(keys), st.sampled_from([*TYPES, "all"]))
def test_exclusion_always_wins(wanted: list[ItemKey], unwanted: list[ItemKey], more: str) -> None:
    selection = parse_selection([*map(str, wanted), more], list(map(str, unwanted)), unread)
    for key in unwanted:
        assert not selection.wants(key) and key not in selection.explicit_ids()
    for key in wanted:
        assert selection.wants(key) is (key not in unwanted)
        types = selection.types()
        assert not selection.wants(key) or types is None or key.type in types


@settings(max_examples=40)
@given(st.lists(keys), st.lists(st.sampled_from([*TYPES, "all"])))
def test_a_selection_can_be_written_down_without_its_lists(items: list[ItemKey], types: list[str]) -> None:
    """A session that goes on must not depend on files that somebody has edited meanwhile."""
    listed = "\n".join([*map(str, items), *types, "look"])
    wanted = chosen("@list", exclude=("board=7",), list=listed)
    again = parse_selection(wanted.wanted.specs(), wanted.excluded.specs(), unread)
    assert set(again.explicit_ids()) == set(wanted.explicit_ids())
    assert (again.types(), again.whole_types()) == (wanted.types(), wanted.whole_types())
    assert again.excluded == wanted.excluded


@settings(max_examples=40)
@given(st.lists(keys))
def test_items_come_once_and_in_a_stable_order(wanted: list[ItemKey]) -> None:
    once = parse_selection(list(map(str, wanted)), [], unread)
    twice = parse_selection([str(key) for key in (*wanted, *wanted)], [], unread)
    assert once == twice
    assert once.explicit_ids() == twice.explicit_ids() == list(dict.fromkeys(wanted))


@settings(max_examples=40)
@given(st.lists(st.tuples(keys, st.text()), min_size=1))
def test_a_list_written_as_csv_comes_back_as_it_was(rows: list[tuple[ItemKey, str]]) -> None:
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(("spec", "name"))
    writer.writerows((str(key), name.replace("\r", " ").replace("\0", " ")) for key, name in rows)
    selection = parse_selection(["@list"], [], lambda path: target.getvalue())
    assert selection.explicit_ids() == list(dict.fromkeys(key for key, _ in rows))


def row(type: str = "dashboard", id: str = "1", **fields: Any) -> IndexRow:
    given: dict[str, Any] = {"name": "Sales", "updated_at": "2026-11-20T10:00:00.000000+00:00", **fields}
    return IndexRow(key=ItemKey(type, id), **given)


def fits(of: IndexRow, filters: Filters, below: set[str] | None = None, owners: set[str] | None = None) -> bool:
    return matches(
        of, filters, None if below is None else frozenset(below), None if owners is None else frozenset(owners)
    )


def test_without_filters_everything_but_the_deleted_matches() -> None:
    assert fits(row(), Filters())
    assert not fits(row(deleted=True), Filters())
    assert fits(row(deleted=True), Filters(include_deleted=True))


def test_the_owner_must_be_one_of_those_meant() -> None:
    assert fits(row(owner_id="3"), Filters(owner="3"), owners={"3"})
    assert not fits(row(owner_id="4"), Filters(owner="3"), owners={"3"})
    assert not fits(row(owner_id=None), Filters(owner="3"), owners={"3"})


def test_a_folder_means_what_is_in_it_and_the_folders_themselves() -> None:
    below = {"10", "11"}
    assert fits(row(folder_id="11"), Filters(folder="10"), below)
    assert fits(row("folder", "10", folder_id="1"), Filters(folder="10"), below)
    assert not fits(row(folder_id="12"), Filters(folder="10"), below)
    assert not fits(row("group", "10"), Filters(folder="10"), below), "a group lies in no folder"


@pytest.mark.parametrize(
    ("glob", "fit"),
    [("Sales", True), ("Sa*", True), ("S?les", True), ("sales", False), ("ales", False), ("[A-S]*", True)],
)
def test_names_are_matched_whole_and_with_case(glob: str, fit: bool) -> None:
    assert fits(row(), Filters(name=glob)) is fit


@pytest.mark.parametrize(
    ("since", "before", "fit"),
    [
        ("2026-11-20", "", True),
        ("2026-11-20T10:00:00Z", "", True),
        ("2026-11-20T10:00:01Z", "", False),
        ("2026-11-20T12:00:00+02:00", "2026-11-21", True),
        ("", "2026-11-20T10:00:00Z", False),
        ("", "2026-11-20T10:00:00.000001", True),
        ("", "2026-11-20", False),
    ],
)
def test_since_includes_its_moment_and_before_does_not(since: str, before: str, fit: bool) -> None:
    assert fits(row(), Filters(updated_since=since, updated_before=before)) is fit


def test_an_unreadable_time_lies_in_no_span() -> None:
    assert not fits(row(updated_at=""), Filters(updated_since="2000-01-01"))


def test_all_filters_must_hold() -> None:
    filters = Filters(owner="3", folder="10", name="Sa*", updated_since="2026-01-01")
    good = {"owner_id": "3", "folder_id": "10"}
    assert fits(row(**good), filters, {"10"}, {"3"})
    for bad in ({"owner_id": "4"}, {"folder_id": "9"}, {"name": "X"}, {"updated_at": "2025-01-01T00:00:00Z"}):
        assert not fits(row(**{**good, **bad}), filters, {"10"}, {"3"})


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "20.11.2026", "2026-11-20T25:00", "2026-11-20 10 o'clock"])
def test_what_is_no_date_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="2026-11-23"):
        parse_date(text)
    with pytest.raises(UsageError):
        Filters(updated_since=text)
    with pytest.raises(UsageError):
        Filters(updated_before=text)


def test_a_span_in_which_no_moment_lies_is_refused() -> None:
    with pytest.raises(UsageError, match="must be the earlier"):
        Filters(updated_since="2026-11-20", updated_before="2026-11-20")


def test_a_subtree_is_the_folder_and_all_below() -> None:
    parents = {"2": "1", "3": "2", "4": "2", "5": "1", "6": "7"}
    assert subtree("2", parents) == {"2", "3", "4"}
    assert subtree("99", parents) == {"99"}


@settings(max_examples=40)
@given(st.dictionaries(ids, ids), ids)
def test_a_subtree_of_any_folders_ends_even_where_they_go_in_circles(parents: dict[str, str], root: str) -> None:
    found = subtree(root, parents)
    assert root in found
    assert all((child in found) or (parent not in found) for child, parent in parents.items())
