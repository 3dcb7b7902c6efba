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
from tests.restoration.migration_fixture import MigrationFixture
from tests.restoration.restore_fixture import RestoreFixture

EVERYTHING = Sizes(
    users=14, groups=4, folders=12, depth=3, looks=24, dashboards=8, tiles=5, boards=14, plans=24, everything=True
)
OTHER = Judgement("other")


def without_state(migration: MigrationFixture) -> None:
    for file in migration.directory.glob("state.db*"):
        file.unlink()


def without_mappings(migration: MigrationFixture) -> None:
    with contextlib.closing(sqlite3.connect(migration.directory / "state.db")) as connection, connection:
        connection.execute("DELETE FROM id_mappings")


@pytest.fixture
def migration(tmp_path: Path) -> Iterator[MigrationFixture]:
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
    with MigrationFixture(tmp_path, source=source, into=empty_world()) as made:
        made.source_lives()
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("lose", [without_state, without_mappings])
def test_a_migration_without_its_state_creates_nothing_twice(
    migration: MigrationFixture, lose: Callable[[MigrationFixture], None]
) -> None:
    first = migration.migrate()
    assert {"user", "look", "dashboard", "board", "scheduled_plan"} <= {
        name for name, totals in first.report["by_type"].items() if totals["created"]
    }
    count = {kind: len(list(migration.world.table(kind))) for kind in migration.world.tables}
    lose(migration)
    again = migration.migrate()
    assert {kind: len(list(migration.world.table(kind))) for kind in migration.world.tables} == count
    assert again.total("created") == 0
    assert {(letter["type"], letter["id"]) for letter in again.letters} == {
        (letter["type"], letter["id"]) for letter in first.letters
    }


def nameless(setup: RestoreFixture, user_id: str, **fields: Any) -> Any:
    """The item of a user without a login that a restore can create."""
    item = setup.item(f"user={user_id}")
    for name in ("email", "credentials_email", "credentials_saml", "credentials_api3"):
        item.raw.pop(name, None)
    item.raw.update(fields)
    return item


def live_user(setup: RestoreFixture, item: Any, **fields: Any) -> str:
    """A live user without login, with the same name, groups and roles."""
    made = edit(
        setup.world,
        Edit(
            type="user",
            id=setup.world.new_id("user"),
            set={"first_name": item.raw.get("first_name"), "last_name": item.raw.get("last_name"), **fields},
        ),
    )
    assert made is not None
    live_id = str(made["id"])
    setup.world.edges["group_user"].replace_lefts(live_id, [str(one) for one in item.raw["group_ids"] if one != "1"])
    setup.world.edges["role_user"].replace_lefts(live_id, [str(one) for one in item.raw["role_ids"]])
    return live_id


def restored(setup: RestoreFixture, item: Any) -> ItemResult:
    return ItemRestorer(setup.context(judgement=OTHER)).restore(item).result


LOGINS: list[dict[str, Any]] = [
    {},
    {"credentials_saml": {"saml_user_id": "s77", "email": "someone@example.com"}, "email": "someone@example.com"},
    {"credentials_api3": [{"id": "9", "client_id": "abc"}]},
]


@pytest.mark.parametrize("login", LOGINS)
def test_a_user_without_a_login_is_matched_by_names_groups_and_roles(
    setup: RestoreFixture, login: dict[str, Any]
) -> None:
    item = nameless(setup, "3", **login)
    live_id = live_user(setup, item)
    assert restored(setup, item).destination_id == live_id


@pytest.mark.parametrize("login", LOGINS)
def test_a_namesake_with_other_roles_is_neither_written_nor_doubled(
    setup: RestoreFixture, login: dict[str, Any]
) -> None:
    item = nameless(setup, "3", **login)
    live_id = live_user(setup, item)
    setup.world.edges["role_user"].replace_lefts(live_id, ["4"])
    item.raw["role_ids"] = ["2"]
    count = len(setup.world.table("user"))
    with pytest.raises(AmbiguousMatchError, match=live_id):
        restored(setup, item)
    assert len(setup.world.table("user")) == count
    assert setup.world.edges["role_user"].lefts(live_id) == ["4"]


def test_a_namesake_with_a_login_is_another_user(setup: RestoreFixture) -> None:
    item = nameless(setup, "3")
    live_id = live_user(setup, item, email="other@example.com", credentials_email={"email": "other@example.com"})
    assert restored(setup, item).destination_id != live_id


def test_an_embed_user_is_matched_only_by_its_external_id(setup: RestoreFixture) -> None:
    item = nameless(setup, "3", credentials_embed=[{"external_user_id": "ext-3", "external_group_id": "g"}])
    live_id = live_user(setup, item)
    assert restored(setup, item).destination_id != live_id


def test_a_user_with_an_email_login_is_not_matched_with_a_namesake_with_other_roles(setup: RestoreFixture) -> None:
    item = setup.item("user=3")
    item.raw.update(email="new@example.com", role_ids=["2"])
    item.raw["credentials_email"] = {**item.raw["credentials_email"], "email": "new@example.com"}
    live_id = live_user(setup, item)
    setup.world.edges["role_user"].replace_lefts(live_id, ["4"])
    assert restored(setup, item).destination_id != live_id
