"""The summary in Markdown: its order, its length, and that no title in it is more than text."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrestore.messages import Change, Deletion, ItemKey, ItemResult
from lrestore.report.model import Difference, OnlyLive, Report, Verify
from lrestore.report.rehearsal import NotSimulated, Rehearsal
from lrestore.report.summary import LIMIT, SUMMARY_BEGINS, markdown_summary
from lrestore.text.markdown import markdown
from tests.report.builders import builder, item, report

HOSTILE = (
    "`a` | <script>x</script> @octocat #12 [y](https://evil.example) ![i](http://x) www.z.example\n# top\n- *b* \u202e"
)
_LEFT_OUT = re.compile(r"^- … and (\d+) more ([\w ]+?)s?$", re.MULTILINE)


def headings(text: str) -> list[str]:
    return re.findall(r"^## (.+)$", text, re.MULTILINE)


def everything() -> Report:
    tile = Deletion("dashboard_element", "7", "Old tile")
    return report(
        [
            item("updated", "1", changes=(Change("title", "a", "b"),), deletions=(tile,)),
            item("created", "2", changes=(Change("dashboard_elements[0].id", None, "1"),)),
            item("failed", "3"),
            item("unchanged", "4"),
            msgspec.structs.replace(item("skipped", "5"), reason="root folder"),
            item("updated", "6", warnings=("left out",)),
        ]
    )


def test_deletions_come_first_and_every_group_is_told() -> None:
    text = markdown_summary(everything())
    assert text.encode().startswith(SUMMARY_BEGINS)
    assert text.splitlines()[0] == (
        "# lrestore: restore, 6 items: 1 created, 2 updated, 1 unchanged, 1 skipped, 1 failed, 1 deletion"
    )
    assert headings(text) == ["Deletions", "Failed", "Updated", "Created", "Skipped", "Warnings", "Totals"]
    for line in (
        "  - dashboard\\_element=7 Old tile",
        '  - title: "a" → "b"',
        "- dashboard=2 Sales → 2: 1 tile".replace(" → 2", ""),
        "- 1 item: root folder",
        "- dashboard=6 Sales: left out",
        "| total | 6 | 1 | 2 | 1 | 1 | 1 | 0 |",
    ):
        assert line in text.splitlines(), line


def test_facts_that_only_some_runs_have_are_told() -> None:
    more = {"undoes": "s0", "stopped_because": "too many failures", "reason": "CHG-7"}
    lines = markdown_summary(msgspec.structs.replace(everything(), **more)).splitlines()
    assert "- takes back session s0" in lines and not any(line.startswith("- backup") for line in lines)
    assert "- stopped: too many failures" in lines
    assert "- reason: CHG-7" in lines


@pytest.mark.parametrize(
    ("mode", "first"),
    [
        ("plan", "plan, 6 items: 1 to be created, 2 to be updated"),
        ("rehearse", "rehearsal, 6 items: 1 to be created"),
        ("restore", "undo, 6 items: 1 created"),
    ],
)
def test_each_mode_says_what_was_or_would_be_done(mode: str, first: str) -> None:
    undoes = "s1" if mode == "restore" else ""
    text = markdown_summary(msgspec.structs.replace(everything(), mode=mode, undoes=undoes))
    assert text.startswith(f"# lrestore: {first}")
    assert ("To be updated" in headings(text)) == (mode != "restore") and ("takes back session s1" in text) == bool(
        undoes
    )


def test_an_object_that_an_undo_deletes_is_told_once() -> None:
    gone = item("updated", "21", deletions=(Deletion("dashboard", "21", "Sales"),))
    text = markdown_summary(msgspec.structs.replace(report([gone]), undoes="s1"))
    assert text.count("dashboard=21") == 1 and headings(text) == ["Deletions", "Totals"]
    assert "- backup:" not in text


def test_a_verification_tells_differences_and_not_what_a_restore_would_do() -> None:
    differing = Difference("look", "9", "Churn", changes=(Change("title", "x", "y"),))
    gone = Difference("look", "10", "Gone", missing=True)
    only = OnlyLive("board", "4", "New", "2026-11-20T10:00:00Z", "Ada | Admin")
    compared = Verify(equal=3, different=(differing, gone), only_live=(only,))
    found = msgspec.structs.replace(everything(), mode="verify", verify=compared)
    text = markdown_summary(found)
    assert "verification, 6 items: 3 equal, 2 different, 1 only in the destination" in text.splitlines()[0]
    assert "- board=4 New: changed 2026-11-20 by Ada \\| Admin" in text
    assert "- look=10 Gone: not in the destination" in text and "To be updated" not in headings(text)


def test_a_rehearsal_tells_pace_disk_and_what_was_not_simulated() -> None:
    made = Rehearsal(
        world="backup",
        objects=7,
        stand_ins={"query": 2},
        latency_ms=40.0,
        per_second=0.0,
        pace="latency as session s1 met it",
        undo_bytes=10,
        state_bytes=2000,
        problems=(NotSimulated("look", "3", "Bad", "is corrupt"),),
    )
    text = markdown_summary(msgspec.structs.replace(everything(), mode="rehearse", rehearsal=made))
    assert "- pace: 40 ms for an answer, no limit of calls per second; latency as session s1 met it" in text
    assert "- look=3 Bad: is corrupt" in text and "query (2)" in text


def test_many_items_stay_below_the_limit_and_what_is_left_out_is_counted() -> None:
    made = builder(listed_bytes=10**9)
    count = 10_000
    for number in range(count):
        gone = (Deletion("dashboard_element", str(number), HOSTILE * 3),) if number % 4 == 0 else ()
        changes = tuple(Change(f"tile[{index}].title", HOSTILE * 9, f"{index}") for index in range(30))
        made.add(item("updated", str(number), changes=changes, deletions=gone))
        made.add(ItemResult(ItemKey("look", str(number)), "n" * 5000, "created", destination_id="5"))
        made.warn(f"look={number}: {number} is odd")
    text = markdown_summary(made.finish(report([]).api))
    assert len(text) < LIMIT
    left = {what: int(number) for number, what in _LEFT_OUT.findall(text)}
    shown = {
        "deletion": text.count("  - dashboard\\_element="),
        "created item": len(re.findall(r"^- look=\d+ n", text, re.MULTILINE)),
    }
    assert shown["deletion"] and shown["deletion"] + left["deletion"] == count / 4
    assert left["updated item"] and shown["created item"] + left["created item"] == count
    assert text.endswith("|\n") or "API calls" in text


def test_items_that_the_report_does_not_list_are_counted() -> None:
    made = builder(listed_items=1)
    for number in range(4):
        made.add(item("updated", str(number)))
    assert "## Items that the report does not list\n\n- … and 3 more items\n" in markdown_summary(
        made.finish(report([]).api)
    )


def test_a_run_that_did_not_start_says_so() -> None:
    text = markdown_summary(msgspec.structs.replace(report([]), status="not-started"))
    assert text.startswith("# lrestore: restore not started\n")


@given(st.text(alphabet=st.characters() | st.sampled_from("`|<>@#[]()*_\\\n&!~:/$w.")))
def test_no_text_is_markup_mention_reference_or_link(text: str) -> None:
    made = markdown(text)
    assert "\n" not in made and not re.search(r"[<>]|&(?!amp;|lt;|gt;|#8203;)", made)
    assert not re.search(r"[@]\w|(?<!&)#\w|://|www\.", made, re.IGNORECASE)
    unescaped = re.sub(r"\\[\\`*_\[\]|~$]", "", made)
    assert not re.search(r"[`*_\[\]|~$]", unescaped)


def test_a_hostile_title_is_shown_as_it_is() -> None:
    assert markdown("a|b `c` <i> @d #1 http://e") == ("a\\|b \\`c\\` &lt;i&gt; @&#8203;d #&#8203;1 http:&#8203;//e")
