"""Links in texts: found in every form that Looker's texts have; of a text nothing but ids and hosts changes."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrestore.content.links import (
    Link,
    at,
    has_links,
    hosts,
    links,
    links_elsewhere,
    mentioned,
    rewritten,
    rewritten_anywhere,
    without_targets,
)
from lrestore.json_types import JsonObject

OWN = "looker.example.com"


def as_it_is(link: Link) -> tuple[str, str | None]:
    return link.id, None


def a_thousand_on(link: Link) -> tuple[str, str | None] | None:
    """The rule of a restore: ids of one's own content get others, foreign links and slugs stay."""
    if not link.id.isdecimal() or link.host not in ("", OWN):
        return None
    return str(int(link.id) + 1000), "new.example.com:9999" if link.host else None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("see [sales](/dashboards/42)", "see [sales](/dashboards/1042)"),
        ("see [sales](/dashboards-next/42)", "see [sales](/dashboards-next/1042)"),
        ("[old](/dashboards-legacy/42)", "[old](/dashboards-legacy/1042)"),
        ('<a href="/looks/7">x</a>', '<a href="/looks/1007">x</a>'),
        ("<a href='/looks/7'>x</a>", "<a href='/looks/1007'>x</a>"),
        ("<a href=/looks/7>x</a>", "<a href=/looks/1007>x</a>"),
        ("/folders/3 /spaces/3 /boards/3", "/folders/1003 /spaces/1003 /boards/1003"),
        ("/browse/boards/3", "/browse/boards/1003"),
        ("/embed/dashboards/42?theme=x", "/embed/dashboards/1042?theme=x"),
        ("/dashboards/42?Region=EMEA&id=42#42", "/dashboards/1042?Region=EMEA&id=42#42"),
        ("/dashboards/42.", "/dashboards/1042."),
        ("/dashboards/42/", "/dashboards/1042/"),
        ("/dashboards/42,/looks/42", "/dashboards/1042,/looks/1042"),
        (r'{"url":"\/dashboards\/42"}', r'{"url":"\/dashboards\/1042"}'),
        (r"{\"url\":\"\\/dashboards\\/42\"}", r"{\"url\":\"\\/dashboards\\/1042\"}"),
        (r'{"text":"first\n/dashboards/42"}', r'{"text":"first\n/dashboards/1042"}'),
        (r'{"html":"\u003c\u0022/looks/7\u0022"}', r'{"html":"\u003c\u0022/looks/1007\u0022"}'),
        ("url=%2Fdashboards%2F42%3Fa%3D1", "url=%2Fdashboards%2F1042%3Fa%3D1"),
        ("%22%2flooks%2f7%22", "%22%2flooks%2f1007%22"),
        (f"https://{OWN}/dashboards/42", "https://new.example.com:9999/dashboards/1042"),
        (f"https://{OWN}:19999/dashboards/42", "https://new.example.com:9999/dashboards/1042"),
        (f"https://{OWN.upper()}/dashboards/42", "https://new.example.com:9999/dashboards/1042"),
        (f"//{OWN}/looks/7", "//new.example.com:9999/looks/1007"),
        (f"{OWN}/looks/7", "new.example.com:9999/looks/1007"),
        (rf"https:\/\/{OWN}\/looks\/7", r"https:\/\/new.example.com:9999\/looks\/1007"),
        (f"https%3A%2F%2F{OWN}%3A9999%2Flooks%2F7", "https%3A%2F%2Fnew.example.com:9999%2Flooks%2F1007"),
        (f"https://{OWN}/embed/looks/7", "https://new.example.com:9999/embed/looks/1007"),
    ],
)
def test_a_link_to_ones_own_content_gets_another_id(before: str, after: str) -> None:
    assert rewritten(before, a_thousand_on) == after


@pytest.mark.parametrize(
    "text",
    [
        "https://other.example.com/dashboards/42",
        "other.example.com:9999/dashboards/42",
        rf"https:\/\/other.{OWN}\/looks\/7",
        f"https://{OWN}.evil.example/looks/7",
        "https%3A%2F%2Fother.example.com%2Flooks%2F7",
        "https://other.example.com/reports/dashboards/42",
        "//dashboards/42",
        "%2F%2Fdashboards%2F42",
        "/dashboards/thelook::sales",
        "/dashboards/42::sales",
        "/dashboards/aBcD1234",
        "/dashboards/42abc",
        "/looks/aBcD1234",
        "/dashboards/new?folder=42",
        "/dashboards/",
        "/dashboard/42",
        "/dashboardsx/42",
        "dashboards/42 of them",
        "/explore/thelook/orders?qid=42",
        "12 looks/7 folders",
        "",
    ],
)
def test_what_is_no_link_to_an_id_of_ones_own_stays(text: str) -> None:
    assert rewritten(text, a_thousand_on) == text


def test_a_slug_names_a_dashboard() -> None:
    (found,) = links("/dashboards/aBcD1234?x=1")
    assert (found.type, found.id) == ("dashboard", "aBcD1234")


def test_a_name_of_a_lookml_dashboard_is_no_id() -> None:
    assert list(links("/dashboards/thelook::sales and /dashboards/42::sales")) == []


@pytest.mark.parametrize("word", ["dashboards", "dashboards-next", "dashboards-legacy", "looks", "folders", "spaces"])
def test_a_link_says_what_it_leads_to_and_where_it_stands(word: str) -> None:
    text = f"go to https://{OWN}:19999/{word}/42 now"
    (found,) = links(text)
    assert found.type == {"spaces": "folder"}.get(word, word.partition("-")[0].removesuffix("s"))
    assert text[slice(*found.id_at)] == "42"
    assert text[slice(*found.host_at)] == f"{OWN}:19999"


PIECES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["/", "\\", "\\/", "%2F", "//", "https://", f"https://{OWN}", "http://other.org:80", "\\n", "::"]),
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["/", "\\/", "\\\\/", "%2F", "%2f", "/embed/", "%2Fembed%2F"]),
        st.sampled_from(["dashboards", "dashboards-next", "looks", "folders", "spaces", "boards"]),
        st.sampled_from(["/", "\\/", "%2F"]),
        st.one_of(st.integers(0, 10**9).map(str), st.sampled_from(["slug-1", "m::d", "7::d", ""])),
    ),
)
TEXTS = st.lists(PIECES, max_size=10).map("".join)


@given(TEXTS)
def test_with_the_ids_they_have_texts_stay_the_same(text: str) -> None:
    assert rewritten(text, as_it_is) == text
    assert rewritten(text, lambda link: None) == text


@given(TEXTS)
def test_nothing_but_ids_and_own_hosts_changes(text: str) -> None:
    after = rewritten(text, a_thousand_on)
    place = 0
    for link in links(text):
        change = a_thousand_on(link)
        if change is None or link.host_at[0] < place:
            continue
        new_id, host = change
        (host_start, host_end), (id_start, id_end) = link.host_at, link.id_at
        pieces = [text[place:host_start], host or "", text[host_end:id_start], new_id]
        assert after.startswith("".join(pieces))
        after, place = after[len("".join(pieces)) :], id_end
    assert after == text[place:]


@given(TEXTS)
def test_ids_can_be_brought_back(text: str) -> None:
    def on(link: Link) -> tuple[str, str | None] | None:
        return (f"{link.id}0", None) if link.id.isdecimal() else None

    def back(link: Link) -> tuple[str, str | None] | None:
        return (link.id[:-1], None) if link.id.isdecimal() else None

    assert rewritten(rewritten(text, on), back) == text


@given(TEXTS)
def test_a_blob_mentions_at_least_what_its_texts_link_to(text: str) -> None:
    blob = msgspec.msgpack.encode({"description": text, "tiles": [{"body_text": text}]})
    found = {(link.type, link.id) for link in links(text) if link.id.isdecimal()}
    assert found <= mentioned(blob)
    assert not found or has_links(blob)


def test_a_blob_without_links_mentions_nothing() -> None:
    assert mentioned(msgspec.msgpack.encode({"title": "looks and boards", "look_id": "7"})) == set()


@pytest.mark.timeout(10)
@pytest.mark.parametrize("piece", ["/", "a", "%2F", "\\", ".", "/looks", "/looks/1::", "https:", "/dashboards/"])
def test_long_texts_take_no_long_time(piece: str) -> None:
    text = "looks" + piece * 50_000
    assert rewritten(text, as_it_is) == text


def test_texts_are_found_in_whatever_holds_them() -> None:
    value: Any = {"a": ["/looks/7", 7, None, {"b": "/looks/8"}], "c": True}
    assert rewritten_anywhere(value, a_thousand_on) == {"a": ["/looks/1007", 7, None, {"b": "/looks/1008"}], "c": True}


def test_what_holds_no_link_is_not_copied() -> None:
    value: Any = {"a": ["x", {"b": "/looks/slug"}]}
    assert rewritten_anywhere(value, a_thousand_on) is value


def test_a_path_of_the_ontology_leads_to_every_entry_and_says_which() -> None:
    seen: list[str] = []

    def change(value: Any, path: str) -> Any:
        seen.append(path)
        return re.sub("x", "y", value)

    obj = {"tiles": [{"text": "x"}, {"text": None}, {"other": "x"}, {"text": "xx"}], "name": "x"}
    new = at(obj, "tiles[].text", change)
    assert seen == ["tiles[0].text", "tiles[3].text"]
    assert [tile.get("text") for tile in new["tiles"]] == ["y", None, None, "yy"]
    assert obj["tiles"][0] == {"text": "x"} and new["name"] == "x"


@pytest.mark.parametrize("obj", [{}, {"tiles": None}, {"tiles": "x"}, {"tiles": ["x", None]}, {"tiles": {"text": "x"}}])
def test_a_path_that_leads_nowhere_changes_nothing(obj: JsonObject) -> None:
    assert at(obj, "tiles[].text", lambda value, path: "changed") is obj


def test_hosts_of_urls() -> None:
    assert hosts([f"https://{OWN.upper()}:19999/x", "", "no url", "http://a.b"]) == {OWN, "a.b"}


def test_fields_that_differ_only_in_what_their_links_name_are_told_from_others() -> None:
    wanted = {
        "body_text": "see [sales](/dashboards/42)",
        "note_text": "see [sales](https://looker.example.com:9999/dashboards/42), new",
        "subtitle_text": "as it is /looks/7",
        "title": "No link",
    }
    live = {
        "body_text": "see [sales](/dashboards/daily-sales)",
        "note_text": "see [sales](https://looker.example.com:9999/dashboards/42)",
        "subtitle_text": "as it is /looks/7",
        "title": "Another",
    }
    assert links_elsewhere(wanted, live) == {"body_text": wanted["body_text"]}
    assert links_elsewhere(wanted, {}) == {}


def test_texts_without_their_targets_are_equal_only_if_nothing_but_targets_differs() -> None:
    one = {"text": "[a](/looks/1) and [b](https://one.example.com/dashboards/2)"}
    assert without_targets(one) == without_targets(
        {"text": "[a](/looks/9) and [b](https://two.example.com/dashboards/x)"}
    )
    assert without_targets(one) != without_targets({"text": "[a](/dashboards/1) and [b](/dashboards/2), more"})
    assert without_targets({"text": "no link"}) == {"text": "no link"}
