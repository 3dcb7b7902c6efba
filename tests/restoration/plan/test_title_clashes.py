"""Unique titles and slugs: swapped between two or more objects, or taken by another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lrestore.json_types import JsonObject
from lrestore.simulator.world.world import Sizes
from tests.acceptance.instance_fixture import InstanceFixture, Ran
from tests.crash.unanswered import with_a_death_after

SIZES = Sizes(users=3, groups=1, folders=3, depth=1, looks=12, dashboards=12, tiles=2, filters=0, boards=0, plans=0)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[InstanceFixture]:
    with InstanceFixture(tmp_path, sizes=SIZES) as made:
        yield made


def neighbours(instance: InstanceFixture, kind: str, count: int) -> list[JsonObject]:
    """Objects in one folder, live and in the backup."""
    found = [one for one in instance.world.table(kind) if not one["deleted"]][:count]
    for one in found[1:]:
        instance.world.table(kind).change(one["id"], {"folder_id": found[0]["folder_id"]})
        instance.back_up(kind, one["id"], instance.blob(kind, one["id"]))
    return [dict(one) for one in found]


def hand_round(instance: InstanceFixture, kind: str, count: int, field: str) -> list[JsonObject]:
    """Give each object the title or slug of the next one, and the last that of the first."""
    found = neighbours(instance, kind, count)
    for one, following in zip(found, [*found[1:], found[0]], strict=True):
        instance.edit(kind, one["id"], **{field: following[field]})
    return found


def now(instance: InstanceFixture, kind: str, one: JsonObject, field: str) -> Any:
    record = instance.world.get(kind, one["id"])
    assert record is not None
    return record[field]


def restored(instance: InstanceFixture, kind: str, found: list[JsonObject], *argv: str, **environ: str) -> Ran:
    ids = ",".join(one["id"] for one in found)
    return instance.run("--select", kind if not ids else f"{kind}={ids}", *argv, **environ)


@pytest.mark.parametrize("many", [False, True], ids=["in one process", "in several"])
@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize(("kind", "field"), [("dashboard", "title"), ("dashboard", "slug"), ("look", "title")])
def test_titles_swapped_in_a_circle_are_restored(
    instance: InstanceFixture, kind: str, field: str, count: int, many: bool
) -> None:
    found = hand_round(instance, kind, count, field)
    everybody: list[JsonObject] = [] if many else found
    ran = restored(instance, kind, everybody, "--yes").all_good()
    assert [now(instance, kind, one, field) for one in found] == [one[field] for one in found]
    assert ran.total("updated") == count
    assert restored(instance, kind, everybody, "--yes").all_good().writes == []


@pytest.mark.parametrize("kind", ["dashboard", "look"])
def test_a_recreated_object_gets_its_title_once_the_other_has_released_it(instance: InstanceFixture, kind: str) -> None:
    one, other = neighbours(instance, kind, 2)
    instance.delete(kind, one["id"])
    instance.edit(kind, other["id"], title=one["title"])
    ran = restored(instance, kind, [one, other]).all_good()
    assert (ran.total("created"), ran.total("updated")) == (1, 1)
    titles = sorted(row["title"] for row in instance.world.table(kind) if row["folder_id"] == one["folder_id"])
    assert {one["title"], other["title"]} <= set(titles) and not any("being restored" in title for title in titles)
    assert restored(instance, kind, [one, other]).all_good().writes == []


@pytest.mark.parametrize("kind", ["dashboard", "look"])
def test_a_title_that_this_run_does_not_release_causes_no_waiting(instance: InstanceFixture, kind: str) -> None:
    """The object keeps its live title, and the dead letter names the holder of its backed-up title."""
    one, other = hand_round(instance, kind, 2, "title")
    ran = restored(instance, kind, [one])
    assert ran.code == 1
    assert f"{kind} {other['id']} has that title" in ran.letter()["message"] + ran.out
    assert now(instance, kind, one, "title") == other["title"]
    assert not [call for call in ran.writes if (call.status or 0) < 400]


def test_a_slug_that_this_run_does_not_release_stays_with_the_other_object(instance: InstanceFixture) -> None:
    one, other = hand_round(instance, "dashboard", 2, "slug")
    ran = restored(instance, "dashboard", [one]).all_good()
    assert ran.writes == [] and any("slug" in warning for warning in ran.report["warnings"])
    assert now(instance, "dashboard", one, "slug") == other["slug"]


def test_a_plan_shows_the_final_title_of_each_object(instance: InstanceFixture) -> None:
    found = hand_round(instance, "look", 2, "title")
    ran = restored(instance, "look", found, "--plan").all_good()
    assert ran.total("updated") == 2 and ran.writes == []


def given_away(instance: InstanceFixture) -> tuple[str, str]:
    """A look is gone, and another has its title. Returns the keys of both."""
    one, other = neighbours(instance, "look", 2)
    instance.delete("look", one["id"])
    instance.edit("look", other["id"], title=one["title"])
    return str(one["title"]), str(other["title"])


def test_an_object_created_under_a_temporary_title_is_found_after_a_crash(tmp_path: Path) -> None:
    """The worker dies after Looker has created the look under its temporary title, which it takes at its second try."""
    with InstanceFixture(tmp_path, sizes=SIZES) as instance:
        # One item after the other: the look comes before the holder of its title.
        instance.extra_environment["LRESTORE_RUN_IN_FLIGHT"] = "1"
        title, other = given_away(instance)
        ran = with_a_death_after(instance, "create_look", 2, "--select", "look", "--yes").all_good()
        refused, made = [call for call in ran.writes if call.operation == "create_look"]
        assert refused.status == 422 and made.body["title"] != refused.body["title"] == title
        titles = [row["title"] for row in instance.world.table("look")]
        assert titles.count(title) == titles.count(other) == 1
        assert not any("being restored" in one for one in titles)
        assert instance.run("--select", "look", "--yes").all_good().writes == []


@pytest.mark.parametrize("field", ["title", "slug"])
def test_the_plan_before_a_restore_foresees_swaps_as_a_plan_alone_does(instance: InstanceFixture, field: str) -> None:
    found = hand_round(instance, "dashboard", 2, field)
    alone = restored(instance, "dashboard", found, "--plan").report["guards"]["foreseen"]
    ran = restored(instance, "dashboard", found, LRESTORE_RUN_MAX_UPDATES="2").all_good()
    assert ran.report["guards"]["foreseen"] == alone
    assert alone["fail"] == 0 and alone["update"] == 2
