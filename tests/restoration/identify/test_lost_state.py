"""A repeated migration with a new state file, or without mappings, creates nothing twice."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lrestore.content.identity import Judgement
from lrestore.errors import AmbiguousMatchError
from lrestore.messages import ItemResult
from lrestore.restoration.item import ItemRestorer
from lrestore.simulator.world.edits import Edit, edit
from lrestore.simulator.world.world import Sizes, empty_world, make_world
from tests.restoration.migration_fixture import Crossing
from tests.restoration.restore_fixture import Stage

EVERYTHING = Sizes(
    users=14, groups=4, folders=12, depth=3, looks=24, dashboards=8, tiles=5, boards=14, plans=24, everything=True
)
OTHER = Judgement("other")


def without_state(crossing: Crossing) -> None:
    for file in crossing.directory.glob("state.db*"):
        file.unlink()


def without_mappings(crossing: Crossing) -> None:
    with contextlib.closing(sqlite3.connect(crossing.directory / "state.db")) as connection, connection:
        connection.execute("DELETE FROM id_mappings")


@pytest.fixture
def crossing(tmp_path: Path) -> Iterator[Crossing]:
    source = make_world(EVERYTHING)
    for number, user in enumerate(row for row in source.table("user") if row["id"] != "1"):
        logins: list[dict[str, Any]] = [
            {"credentials_saml": {"saml_user_id": f"s{number}"}},
            {"credentials_embed": []},
            {},
        ]
        if number % 4 < 3:
            fields = {"email": None, "credentials_email": None, **logins[number % 4]}
            edit(source, Edit(type="user", id=user["id"], set=fields))
    with Crossing(tmp_path, source=source, into=empty_world()) as made:
        made.source_lives()
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("lose", [without_state, without_mappings])
def test_a_migration_without_its_state_creates_nothing_twice(
    crossing: Crossing, lose: Callable[[Crossing], None]
) -> None:
    first = crossing.migrate()
    assert {"user", "look", "dashboard", "board", "scheduled_plan"} <= {
        name for name, totals in first.report["by_type"].items() if totals["created"]
    }
    count = {kind: len(list(crossing.world.table(kind))) for kind in crossing.world.tables}
    lose(crossing)
    again = crossing.migrate()
    assert {kind: len(list(crossing.world.table(kind))) for kind in crossing.world.tables} == count
    assert again.total("created") == 0
    assert {(letter["type"], letter["id"]) for letter in again.letters} == {
        (letter["type"], letter["id"]) for letter in first.letters
    }


def nameless(stage: Stage, user_id: str, **fields: Any) -> Any:
    """The item of a user without a login that a restore can create."""
    item = stage.item(f"user={user_id}")
    for name in ("email", "credentials_email", "credentials_saml", "credentials_api3"):
        item.raw.pop(name, None)
    item.raw.update(fields)
    return item


def live_user(stage: Stage, item: Any, **fields: Any) -> str:
    """A live user without login, with the same name, groups and roles."""
    made = edit(
        stage.world,
        Edit(
            type="user",
            id=stage.world.new_id("user"),
            set={"first_name": item.raw.get("first_name"), "last_name": item.raw.get("last_name"), **fields},
        ),
    )
    assert made is not None
    live_id = str(made["id"])
    stage.world.edges["group_user"].replace_lefts(live_id, [str(one) for one in item.raw["group_ids"] if one != "1"])
    stage.world.edges["role_user"].replace_lefts(live_id, [str(one) for one in item.raw["role_ids"]])
    return live_id


def restored(stage: Stage, item: Any) -> ItemResult:
    return ItemRestorer(stage.context(judgement=OTHER)).restore(item).result


LOGINS: list[dict[str, Any]] = [
    {},
    {"credentials_saml": {"saml_user_id": "s77", "email": "someone@example.com"}, "email": "someone@example.com"},
    {"credentials_api3": [{"id": "9", "client_id": "abc"}]},
]


@pytest.mark.parametrize("login", LOGINS)
def test_a_user_without_a_login_is_matched_by_names_groups_and_roles(stage: Stage, login: dict[str, Any]) -> None:
    item = nameless(stage, "3", **login)
    live_id = live_user(stage, item)
    assert restored(stage, item).destination_id == live_id


@pytest.mark.parametrize("login", LOGINS)
def test_a_namesake_with_other_roles_is_neither_written_nor_doubled(stage: Stage, login: dict[str, Any]) -> None:
    item = nameless(stage, "3", **login)
    live_id = live_user(stage, item)
    stage.world.edges["role_user"].replace_lefts(live_id, ["4"])
    item.raw["role_ids"] = ["2"]
    count = len(stage.world.table("user"))
    with pytest.raises(AmbiguousMatchError, match=live_id):
        restored(stage, item)
    assert len(stage.world.table("user")) == count
    assert stage.world.edges["role_user"].lefts(live_id) == ["4"]


def test_a_namesake_with_a_login_is_another_user(stage: Stage) -> None:
    item = nameless(stage, "3")
    live_id = live_user(stage, item, email="other@example.com", credentials_email={"email": "other@example.com"})
    assert restored(stage, item).destination_id != live_id


def test_an_embed_user_is_matched_only_by_its_external_id(stage: Stage) -> None:
    item = nameless(stage, "3", credentials_embed=[{"external_user_id": "ext-3", "external_group_id": "g"}])
    live_id = live_user(stage, item)
    assert restored(stage, item).destination_id != live_id


def test_a_user_with_an_email_login_is_not_matched_with_a_namesake_with_other_roles(stage: Stage) -> None:
    item = stage.item("user=3")
    item.raw.update(email="new@example.com", role_ids=["2"])
    item.raw["credentials_email"] = {**item.raw["credentials_email"], "email": "new@example.com"}
    live_id = live_user(stage, item)
    stage.world.edges["role_user"].replace_lefts(live_id, ["4"])
    assert restored(stage, item).destination_id != live_id
