"""A drift night: what was changed, by whom, what was lost, what is new; and nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from lrestore.simulator.world.world import Sizes
from tests.acceptance.instance_fixture import InstanceFixture, Ran
from tests.simulator.direct import Direct

SIZES = Sizes(users=6, groups=3, folders=5, depth=2, looks=14, dashboards=12, tiles=2, filters=1, boards=2, plans=2)
DAY = "2026-11-20T08:30:00.000+00:00"
PEOPLE = ("2", "3", "4")
CODE = 7


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    with InstanceFixture(tmp_path_factory.mktemp("night"), sizes=SIZES) as instance:
        yield Night(instance)


class Night:
    """An instance that was verified before, and after the changes of one day."""

    def __init__(self, instance: InstanceFixture) -> None:
        self.instance = instance
        alive = {
            kind: [row["id"] for row in instance.world.table(kind) if not row["deleted"]]
            for kind in ("dashboard", "look")
        }
        self.quiet = self.verify()
        dashboards, looks = alive["dashboard"], alive["look"]
        self.changed = [("dashboard", one) for one in dashboards[:6]] + [("look", one) for one in looks[:6]]
        for number, (kind, one) in enumerate(self.changed):
            instance.edit(kind, one, title=f"Other {number}", updated_at=DAY, last_updater_id=PEOPLE[number % 3])
        self.trashed = [("dashboard", dashboards[6]), ("look", looks[6]), ("look", looks[7])]
        for kind, one in self.trashed:
            instance.edit(kind, one, deleted=True, deleted_at="2026-11-21T09:00:00.000Z", deleter_id="3")
        self.new = [(kind, self._copied(kind, one)) for kind, one in (("dashboard", dashboards[7]), ("look", looks[8]))]
        self.ignored = [("dashboard", dashboards[8]), ("look", looks[9])]
        instance.edit("dashboard", dashboards[8], refresh_interval="17 minutes")
        instance.edit("look", looks[9], description="Another")
        self.after = self.verify(
            "--drift-exit-code",
            str(CODE),
            LRESTORE_VERIFY_IGNORE="dashboard.refresh_interval look.desc*",
        )

    def _copied(self, kind: str, one: str) -> str:
        record = self.instance.world.table(kind).records[one]
        new_id = self.instance.world.new_id(kind)
        extra = {"slug": "brandnewslug"} if kind == "dashboard" else {}
        new = {**record, **extra, "id": new_id, "title": f"New {kind}", "updated_at": DAY, "last_updater_id": "99"}
        self.instance.world.table(kind).put({**new, "created_at": DAY})
        return new_id

    def verify(self, *argv: str, **environ: str) -> Ran:
        return self.instance.run("--select", "all", "--verify=both", *argv, **environ)

    def name(self, user_id: str) -> str:
        return str(self.instance.blob("user", user_id)["display_name"])


def named(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return sorted((one["type"], one["id"]) for one in found)


def test_a_quiet_night_finds_nothing(night: Night) -> None:
    verify = night.quiet.all_good().report["verify"]
    assert not (verify["different"] or verify["only_live"] or verify["ignored"] or verify["unlisted"])


def test_the_report_names_exactly_what_drifted_and_who_did_it(night: Night) -> None:
    ran = night.after
    verify = ran.report["verify"]
    assert ran.code == CODE and not ran.writes and not ran.letters, ran.err
    assert ran.report["api"]["calls"] == len(ran.calls)
    assert named(verify["different"]) == sorted(night.changed + night.trashed)
    assert named(verify["only_live"]) == sorted(night.new) and named(verify["ignored"]) == sorted(night.ignored)
    assert verify["equal"] == ran.total("unchanged") and verify["unlisted"] == {}
    live = {(one["type"], one["id"]): one["live"] for one in verify["different"]}
    for number, key in enumerate(night.changed):
        assert (live[key]["updated_at"][:10], live[key]["updated_by"]) == (DAY[:10], night.name(PEOPLE[number % 3]))
        assert live[key]["deleted_at"] is None
    for key in night.trashed:
        assert (live[key]["deleted_at"][:10], live[key]["deleted_by"]) == ("2026-11-21", night.name("3"))
    assert {one["updated_by"] for one in verify["only_live"]} == {"user 99"}
    items = {(one["type"], one["id"]): one for one in ran.report["items"]}
    assert all(items[key]["live"] == facts for key, facts in live.items())
    assert [change["path"] for one in verify["ignored"] for change in one["changes"]] == [
        "description",
        "refresh_interval",
    ]


def test_the_text_names_them_too(night: Night) -> None:
    lines = night.after.out.splitlines()
    heads = [line.split(" ")[1] for line in lines if line.startswith("different ")]
    assert sorted(heads) == sorted(f"{kind}={one}" for kind, one in night.changed + night.trashed)
    changed = f"different dashboard={night.changed[0][1]} "
    assert any(line.startswith(changed) and f": changed 2026-11-20 by {night.name('2')}" in line for line in lines)
    in_trash = f": in the trash since 2026-11-21, deleted by {night.name('3')}"
    assert sum(line.endswith(in_trash) for line in lines) == 3
    assert sum(line.startswith("only in Looker ") for line in lines) == 2
    assert "ignored in 2 objects ([verify] ignore): " in night.after.out
    assert ", 15 different (3 in the trash), 2 only in Looker" in night.after.out
    (by,) = (line for line in lines if line.startswith("last changed by: "))
    assert f"{night.name('3')} (7)" in by and "user 99 (2)" in by


def test_the_calls_are_those_of_a_quiet_night(night: Night) -> None:
    quiet, drifted = (Counter(call.operation for call in ran.calls) for ran in (night.quiet, night.after))
    assert {call.method for call in night.after.calls if call.operation != "login"} == {"GET"}
    more = Counter(search_users=1, search_dashboards=2, search_looks=3)
    assert drifted - quiet <= more, "names; another page where one lacks objects, and the trash, for each type"
    alone = Counter(call.operation for call in night.instance.run("--select", "all", "--verify").calls)
    assert (quiet - alone).total() <= 3 * 2 + 1, "three types are listed, in pages"


def _above(instance: InstanceFixture, look: dict[str, Any]) -> set[str]:
    """The folder of a look, and all above it."""
    found: set[str] = set()
    folder: str | None = look["folder_id"]
    while folder is not None:
        found.add(folder)
        folder = instance.world.table("folder").records[folder]["parent_id"]
    return found


def test_only_live_objects_are_narrowed_like_the_selection(night: Night) -> None:
    instance = night.instance
    (dashboard, look) = (one for _, one in night.new)
    looks = instance.world.table("look").records
    made = looks[look]
    elsewhere = next(str(one["folder_id"]) for one in looks.values() if one["folder_id"] not in _above(instance, made))
    another = next(str(one["user_id"]) for one in looks.values() if one["user_id"] != made["user_id"])
    cases: list[tuple[tuple[str, ...], set[str]]] = [
        (("--select", "look"), {look}),
        (("--select", "all", "--exclude", "look"), {dashboard}),
        (("--select", "all", "--name", "*a*"), {dashboard}),
        (("--select", "all", "--updated-before", "2026-11-01"), set()),
        (("--select", "look", "--folder", str(made["folder_id"])), {look}),
        (("--select", "look", "--folder", elsewhere), set()),
        (("--select", "look", "--owner", str(made["user_id"])), {look}),
        (("--select", "look", "--owner", another), set()),
        (("--select", "look=1,2"), set()),
    ]
    for argv, wanted in cases:
        ran = instance.run(*argv, "--verify=both")
        assert {one["id"] for one in ran.report["verify"]["only_live"]} == wanted, argv
    assert any("there is none" in warning for warning in ran.report["warnings"])


def test_a_listing_that_fails_is_told_and_is_no_drift(night: Night) -> None:
    """The listing comes last, in two pages."""
    searches = sum(call.operation == "search_looks" for call in night.after.calls)
    fault = night.instance.simulator.fault("status:403", operation="search_looks", nth=searches - 1)
    ran = night.verify("--drift-exit-code", str(CODE))
    night.instance.simulator.simulation.faults.clear()
    assert fault.fired and ran.code == 1 and set(ran.report["verify"]["unlisted"]) == {"look"}
    assert "not listed: look" in ran.out


def test_what_cannot_be_compared_is_told_apart_from_drift(night: Night) -> None:
    select = ("--select", f"dashboard={night.changed[0][1]}", "--select", "dashboard=999")
    failed = night.instance.run(*select, "--verify", "--drift-exit-code", str(CODE))
    assert failed.code == 1 and len(failed.report["verify"]["different"]) == 1
    assert night.instance.run(*select[:2], "--verify", "--drift-exit-code", str(CODE)).code == CODE
    assert night.instance.run(*select[:2], "--verify").code == 1


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("dashbord.title", "there is no type 'dashbord'; did you mean 'dashboard'?"),
        ("dashboard.refresh_intervall", "no field 'refresh_intervall'; did you mean 'refresh_interval'?"),
        ("*.slugg", "no such type has a field 'slugg'"),
    ],
)
def test_a_pattern_that_means_no_field_is_an_error(night: Night, pattern: str, said: str) -> None:
    ran = night.instance.run("--select", "look=1", "--verify", LRESTORE_VERIFY_IGNORE=pattern)
    assert (ran.code, ran.calls) == (2, ()) and said in ran.err and "[verify] ignore" in ran.err


def test_losses_that_other_objects_refer_to_are_drift_and_no_failures(instance: InstanceFixture) -> None:
    """Users lack a group, content lacks its folder: all of it was compared."""
    looker = Direct(instance.world)
    group, member = next(pair for pair in instance.world.edges["group_user"].pairs() if pair[0] != "1")
    looker.delete(f"/groups/{group}")
    folder = instance.blob("look", "1")["folder_id"]
    looker.delete(f"/folders/{folder}")
    ran = instance.run("--select", "all", "--verify", "--drift-exit-code", str(CODE))
    assert ran.code == CODE and not ran.letters, ran.out
    found = {(one["type"], one["id"]): one for one in ran.report["verify"]["different"]}
    assert found["group", group]["missing"] and found["folder", folder]["missing"]
    assert f"group={group}" in str(found["user", member]["lacks"])
