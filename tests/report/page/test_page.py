"""The HTML report says what the report holds, first of all the verdict, and nothing in it can run or load anything."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import shlex
import zlib
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from lrestore.cli.command_line import parse_command_line
from lrestore.messages import Change, Deletion, ItemResult, LiveFacts
from lrestore.report.model import Api, By, Difference, OnlyLive, Report, ReportedSource, Throughput, Verify
from lrestore.report.page.items import Listed, PackedRows, pack_rows
from lrestore.report.page.next_steps import next_steps
from lrestore.report.page.render import page
from tests.report.builders import item, letter, report
from tests.report.page.browser import printed, shown

HOSTILE = (
    "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">'\"&{{ 7*7 }}\u202e"
)


class Elements(HTMLParser):
    """Counts elements, and collects attributes that could load or run something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.loads: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "action", "style") or name.startswith("on"):
                self.loads.append((name, value or ""))


def of(results: Iterable[ItemResult], **changes: object) -> Report:
    made: Report = msgspec.structs.replace(report(results, Api(calls=7, by_activity={"db_query": 7})), **changes)
    return made


def text_of(told: Report) -> str:
    return page(told).decode()


def visible(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", text))


def hostile() -> Report:
    named = msgspec.structs.replace(
        item("updated", "1", changes=(Change("title", HOSTILE, HOSTILE + "!"),)), name=HOSTILE
    )
    gone = msgspec.structs.replace(
        item("updated", "2", deletions=(Deletion("dashboard_element", "9", HOSTILE),)), name="Plain"
    )
    failed = msgspec.structs.replace(
        item("failed", "3"), dead_letter=msgspec.structs.replace(letter(item_id="3"), message=HOSTILE, name=HOSTILE)
    )
    return of([named, gone, failed], warnings=(HOSTILE,), reason=HOSTILE)


@pytest.mark.parametrize(
    ("told", "verdict", "tone"),
    [
        (of([item("updated"), item("created", "1")]), "2 items done: 1 created, 1 updated, 0 unchanged.", "good"),
        (of([item("failed"), item("updated", "1")]), "1 of 2 items could not be restored completely", "bad"),
        (of([item("updated")], mode="plan"), "0 would be created, 1 updated, 0 left unchanged. Looker", "good"),
        (of([item("updated")], status="stopped"), "The run stopped early", "bad"),
        (
            of([item()], status="stopped", stopped_because="20 failed"),
            "The run stopped early, because 20 failed: ",
            "bad",
        ),
        (of([], status="not-started"), "Nothing was written.", "bad"),
        (of([item("unchanged")], mode="verify", verify=Verify(equal=1)), "Looker is as in the backup", "good"),
        (
            of([item()], mode="verify", verify=Verify(different=(Difference("look", "1", "A"),))),
            "Looker is not as in the backup: of 1 item, 1 differs.",
            "bad",
        ),
    ],
)
def test_the_verdict_comes_first(told: Report, verdict: str, tone: str) -> None:
    text = text_of(told)
    heading = re.search(r'<h1 class="(\w+)">(.*?)</h1>', text, re.DOTALL)
    assert heading is not None
    assert heading[1] == tone
    assert verdict in visible(heading[2])
    assert text.index("<h1") < text.index("<table")


@pytest.mark.parametrize("mode", ["plan", "rehearse"])
def test_a_mode_that_writes_nothing_lists_what_would_be_done(mode: str) -> None:
    rows = pack_rows(of([item("created", "1"), item("updated", "2"), item("skipped", "3")], mode=mode)).rows
    assert [row[3] for row in rows] == ["create", "update", "skip"]


def test_an_undo_names_the_session_and_no_backup() -> None:
    text = visible(text_of(of([item()], undoes="20261123-120000-ab12")))
    assert "session 20261123-120000-ab12" in text and "vault.db" not in text


def test_caller_reason_and_backup_are_named() -> None:
    by = By(looker_user="Ada", os_user="root", host="box", command="lrestore --select all")
    source = ReportedSource("prod", ("vault.db",), "f00d", age="2 hours old")
    text = visible(text_of(of([item()], by=by, reason="CHG-7 <b>", source=source)))
    for fact in ("Ada, root@box", "CHG-7 <b>", "lrestore --select all", "2 hours old", "f00d", "instance prod"):
        assert fact in text, fact


def test_a_verdict_in_yellow_names_the_warnings() -> None:
    told = of([item()], warnings=("look=1: it is public", "look=2: it is public", "something else"))
    assert "1 updated, 0 unchanged; 2 warnings." in visible(text_of(told))


def test_hostile_texts_are_shown_and_add_no_element() -> None:
    text = text_of(hostile())
    found = Elements(text)
    assert found.names.count("script") == 2
    assert "img" not in found.names
    assert found.loads == [("href", "#totals")]
    assert "\u202e" not in text and "\\u202e" in text
    assert "{{ 7*7 }}" in visible(text)


def test_the_policy_allows_only_the_page_s_own_style_and_script() -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text_of(hostile()))
    assert policy is not None
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/]+=*'; script-src 'sha256-[\w+/]+=*'", html.unescape(policy[1])
    )


def test_failed_items_are_grouped_by_cause_with_what_to_do() -> None:
    told = visible(text_of(of([item("failed", str(number)) for number in range(3)])))
    assert "Looker refuses the content" in told
    assert "What to do" in told
    assert all(f"dashboard={number} Sales" in told for number in range(3))


def test_a_single_item_is_named_without_unfolding_its_group() -> None:
    page = text_of(of([item("failed"), item("updated", "6", warnings=("left out",))]))
    assert "</span> dashboard=42 Sales: Looker refuses the content" in page
    assert "</span> dashboard=6 Sales: left out</p>" in page


def test_copies_are_linked() -> None:
    told = of([item("created")], copied_into="7")
    address = "https://looker.example.com/dashboards/13?a=1&b"
    copies = [msgspec.structs.replace(one, url=address) for one in told.items]
    page = text_of(msgspec.structs.replace(told, items=copies))
    assert ">Copies in folder 7</h2>" in page
    assert '<a href="https://looker.example.com/dashboards/13?a=1&amp;b" rel="noreferrer">Sales</a>' in page


def test_deletions_are_listed_apart_and_in_full() -> None:
    gone = tuple(Deletion("dashboard_element", str(number), f"Tile {number}") for number in range(300))
    told = visible(text_of(of([item(deletions=gone)])))
    assert all(f"dashboard_element={number} Tile {number}" in told for number in range(300))


def test_the_next_steps_name_the_session() -> None:
    told = visible(text_of(of([item("failed"), item("updated", "1")])))
    assert "lrestore --retry-dead-letters 20261123-120000-ab12" in told
    assert "lrestore --undo 20261123-120000-ab12" in told
    assert "--undo" not in visible(text_of(of([item("updated")], mode="plan")))


def steps(told: Report, command: str) -> dict[str, str]:
    return dict(next_steps(msgspec.structs.replace(told, by=By(command=command))))


@pytest.mark.parametrize(
    ("mode", "command", "label", "following"),
    [
        (
            "restore",
            "lrestore --config p.toml --select=look --yes --reason 'a b' --html r.html --with-dependencies content",
            "Compare with the backup",
            "lrestore --config p.toml --select=look --with-dependencies content --verify",
        ),
        ("restore", "lrestore", "Compare with the backup", "lrestore --verify"),
        (
            "plan",
            "lrestore --config p.toml --select look --plan --if-missing skip --html=r.html",
            "Carry it out",
            "lrestore --config p.toml --select look --if-missing skip",
        ),
        (
            "plan",
            "lrestore --config p.toml --select look --plan-out 'a plan.json'",
            "Carry out this plan",
            "lrestore --config p.toml --apply 'a plan.json'",
        ),
        (
            "rehearse",
            "lrestore --select look --rehearse empty --rehearse-latency 5 --html r.html",
            "Show what a restore would do",
            "lrestore --select look --plan",
        ),
        (
            "verify",
            "lrestore --select all --verify both --drift-exit-code 10 --report r.json",
            "Show what a restore would do",
            "lrestore --select all --plan",
        ),
    ],
)
def test_the_next_step_is_a_command_with_the_same_selection(
    mode: str, command: str, label: str, following: str
) -> None:
    verify = Verify(different=(Difference("look", "1", "A"),)) if mode == "verify" else None
    assert steps(of([item()], mode=mode, verify=verify), command)[label] == following
    parse_command_line(shlex.split(following)[1:])


def test_no_command_is_made_up() -> None:
    """A run from Python, a masked secret, a session that went on, an undo: none can be compared in this way."""
    done = of([item()])
    for command in ("lrestore from Python (x.py)", "lrestore --select ***", "lrestore --resume", "lrestore --apply p"):
        assert "Compare with the backup" not in steps(done, command)
    assert "Compare with the backup" not in steps(of([item()], undoes="s1"), "lrestore --undo s1")
    assert not steps(of([], status="not-started"), "lrestore --select all")


def test_a_verification_tells_who_changed_what_and_what_only_looker_has() -> None:
    live = LiveFacts("2026-11-20T10:00:00Z", "Ada Admin")
    result = Verify(
        different=(Difference("look", "1", "A", changes=(Change("title", "x", "y"),), live=live),),
        only_live=(OnlyLive("look", "7", "New one"),),
        ignored=(Difference("look", "2", "B", changes=(Change("description", 1, 2),)),),
    )
    text = text_of(of([item()], mode="verify", verify=result))
    assert "changed 2026-11-20 by Ada Admin" in text
    assert "look=7 New one" in visible(text)
    assert "look.description" in visible(text)


def test_the_throughput_is_drawn_with_the_limit_and_the_refusals() -> None:
    timeline = tuple((float(second), 10 * second, 20 * second, 25.0) for second in range(10))
    drawn = Throughput(10.0, 20.0, timeline, ((3.0, 1), (5.0, 4)))
    text = text_of(of([item()], throughput=drawn))
    assert text.count("<polyline") == 3
    assert text.count('<line class="refused"') == 2
    assert "20.0 calls and 10.0 items per second on average" in text
    assert "<polyline" not in text_of(of([item()]))


def test_a_browser_shows_the_items_and_runs_nothing_of_theirs(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_bytes(page(hostile()))
    dom = shown(file, "search=dashboard%3D1")
    assert "owned" not in (re.search(r"<title>(.*?)</title>", dom) or [""])[0]
    assert Elements(dom).names.count("script") == 2
    assert "img" not in Elements(dom).names
    assert "1 of 3 items, 1 shown" in dom
    assert "<summary>" in dom and "<ins" in dom


def test_a_browser_shows_twenty_thousand_items_with_their_fields_by_the_hundred(tmp_path: Path) -> None:
    changes = (
        Change("title", "old title of this item", "new title of this item"),
        Change("description", None, "x" * 300),
    )
    content = page(of(item(item_id=str(number), changes=changes) for number in range(20_000)))
    assert len(content) < 1_500_000
    file = tmp_path / "report.html"
    file.write_bytes(content)
    dom = shown(file)
    assert "20000 of 20000 items, 200 shown" in dom
    assert dom.count('class="item"') == 200
    dom = shown(file, "search=dashboard%3D19731", "--virtual-time-budget=10000")
    assert "1 of 20000 items, 1 shown" in dom and "new title of this item" in dom


def unpacked(made: PackedRows) -> tuple[Listed, ...]:
    others = msgspec.json.decode(zlib.decompress(base64.b64decode(made.data)), type=tuple[Listed, ...])
    return (*made.rows, *others)


def test_a_list_without_room_for_all_fields_keeps_some_of_each_item() -> None:
    digests = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(400)]
    told = of(
        item(item_id=str(number), changes=tuple(Change(f"f{at}", None, digest + str(at)) for at in range(12)))
        for number, digest in enumerate(digests)
    )
    roomy, narrow, bare = pack_rows(told, 10**6), pack_rows(told, 120_000), pack_rows(told, 9_000)
    assert not roomy.data and len(roomy.rows) == 400 and not roomy.shortened
    assert narrow.shortened == narrow.count == 400
    assert {(len(row[6]), row[8]) for row in unpacked(narrow)} == {(narrow.most, 12 - narrow.most)}
    assert 0 < bare.count < 400 and bare.omitted == 400 - bare.count and len(unpacked(bare)) == bare.count


def test_deletions_without_room_of_their_own_are_in_the_list() -> None:
    gone = tuple(Deletion("dashboard_element", str(number), "Tile") for number in range(3_000))
    told = of(item(item_id=str(number), deletions=gone) for number in range(3))
    text = visible(text_of(told))
    assert "… and deletions of 1 item more" in text
    assert [row[7][0] for row in pack_rows(told).rows] == ["dashboard_element=0 Tile"] * 3


def test_right_to_left_names_do_not_turn_around_what_stands_beside_them() -> None:
    gone = (Deletion("dashboard_element", "9", "שלום עולם"),)
    text = text_of(of([item(deletions=gone)], reason="לוח 12 of May"))
    assert "<li>dashboard_element=9 <bdi>שלום עולם</bdi></li>" in text
    assert "<bdi>לוח</bdi> 12 of May" in text


def test_the_page_prints(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_bytes(page(hostile()))
    assert printed(file, tmp_path / "report.pdf").startswith(b"%PDF")
