"""A recorded mapping counts only if it proves itself: the state file may have come to another server, or an old one."""

from __future__ import annotations

import contextlib
import copy
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lrestore.simulator.core.config import SimulatorConfig
from lrestore.simulator.core.store import World
from lrestore.simulator.http.server import start
from lrestore.simulator.world.world import Sizes, make_world
from lrestore.state.migrations import STEPS
from tests.acceptance.instance_fixture import SECRET
from tests.restoration.migration_fixture import MigrationFixture, other_instance

SIZES = Sizes(users=3, groups=2, folders=4, depth=2, looks=3, dashboards=2, tiles=5, filters=2, boards=2, plans=3)
TYPES = ("user", "group", "permission_set", "model_set", "role", "folder", "look", "dashboard", "board")
TYPES_WITH_PARTS = (
    *(*TYPES, "scheduled_plan", "dashboard_element", "dashboard_filter", "dashboard_layout"),
    *("dashboard_layout_component", "board_section", "board_item", "query", "merge_query"),
)
LONG_AGO = "2019-05-05T05:05:05.000+00:00"
NAMES = ("name", "title", "slug", "first_name", "last_name", "email", "label", "client_id", "title_text")


class Servers(MigrationFixture):
    """A migration whose destination can be replaced behind its name."""

    def now_at(self, world: World) -> None:
        """From now on another server is there under the name of the destination."""
        self.world = world
        running = start(world, SimulatorConfig(keep_bodies=True), client_id="acceptance", client_secret=SECRET)
        self.simulator = self._stack.enter_context(running)
        self.base_url = self.simulator.base_url


@dataclass(frozen=True)
class Migrated:
    """The result of migrating a whole instance: the server before and after it, and the state file."""

    source: World
    before: World
    after: World
    state: bytes


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Migrated:
    source, into = make_world(SIZES), other_instance()
    before = copy.deepcopy(into)
    directory = tmp_path_factory.mktemp("migrated")
    with Servers(directory, source=source, into=into) as made:
        made.source_lives()
        made.migrate()
        with contextlib.closing(sqlite3.connect(directory / "state.db")) as state:
            state.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return Migrated(source, before, copy.deepcopy(made.world), (directory / "state.db").read_bytes())


@pytest.fixture
def servers(migrated: Migrated, tmp_path: Path) -> Iterator[Servers]:
    """The server, its migration done."""
    (tmp_path / "state.db").write_bytes(migrated.state)
    source, into = copy.deepcopy(migrated.source), copy.deepcopy(migrated.after)
    with Servers(tmp_path, source=source, into=into) as made:
        made.source_lives()
        yield made


def picture(world: World) -> dict[tuple[str, str], dict[str, Any]]:
    """Every object and part of an instance."""
    return {
        (kind, str(row.get("id") or row.get("name"))): copy.deepcopy(dict(row))
        for kind in TYPES_WITH_PARTS
        for row in world.table(kind)
    }


def changed(before: dict[tuple[str, str], dict[str, Any]], world: World) -> dict[tuple[str, str], Any]:
    """The differences of the objects of a snapshot."""
    now = picture(world)
    return {key: (row, now.get(key)) for key, row in before.items() if now.get(key) != row}


def of_strangers(world: World) -> World:
    """A server with other people's objects under all the ids that another has."""
    other = copy.deepcopy(world)
    for kind in TYPES_WITH_PARTS:
        for row in list(other.table(kind)):
            if not is_lookers_own(kind, row):
                other.table(kind).change(row["id"], somebody_elses(kind, row))
    other.memo.clear()
    return other


def somebody_elses(kind: str, row: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {name: f"theirs {row[name]}" for name in NAMES if row.get(name)}
    if row.get("created_at"):
        found["created_at"] = LONG_AGO
    if row.get("credentials_email"):
        login = {"email": f"theirs.{row['id']}@other.example.com", "created_at": LONG_AGO}
        found["credentials_email"] = {**row["credentials_email"], **login}
    return {**found, "limit": "77"} if kind == "query" else found


def is_lookers_own(kind: str, row: dict[str, Any]) -> bool:
    """Built in, or the user who restores."""
    if kind == "user":
        return str(row["id"]) == "1"
    flags = ("is_shared_root", "is_users_root", "is_embed_shared_root", "is_embed_users_root", "is_personal")
    named = kind in ("role", "permission_set", "model_set") and row["name"] in ("Admin", "All")
    return named or any(row.get(flag) for flag in (*flags, "include_by_default"))


def state_of(servers: Servers) -> sqlite3.Connection:
    return sqlite3.connect(servers.directory / "state.db")


_ADDED = re.compile(r"ALTER TABLE (\w+) ADD COLUMN (\w+)|CREATE TABLE (\w+)")


def as_an_older_version_left_it(servers: Servers) -> None:
    """Version 2 of the state file knew no proofs, nor what later versions added."""
    with contextlib.closing(state_of(servers)) as state, state:
        added = [found for step in STEPS[1:] for found in _ADDED.findall(step)]
        # Columns first: a later version may have added one to a table that an earlier one created.
        for table, column, created in sorted(added, key=lambda found: bool(found[2])):
            state.execute(f"DROP TABLE {created}" if created else f"ALTER TABLE {table} DROP COLUMN {column}")
        state.execute("PRAGMA user_version = 2")


def test_on_another_server_of_the_same_name_strangers_are_left_alone(servers: Servers) -> None:
    mapped = {row["content_type"] for row in servers.rows("mappings")}
    assert mapped >= {*TYPES, "dashboard_element", "board_section", "board_item", "query"}
    servers.now_at(of_strangers(servers.world))
    before = picture(servers.world)
    ran = servers.migrate()
    assert changed(before, servers.world) == {}
    assert ran.total("created") >= 20
    assert "ignoring the mapping" in str(ran.report["warnings"])


def test_a_plan_and_a_verification_do_not_believe_them_either(servers: Servers) -> None:
    servers.now_at(of_strangers(servers.world))
    assert servers.migrate("look", "dashboard", "board", "--plan").total("updated") == 0
    verified = servers.migrate("look", "dashboard", "board", "--verify").report["verify"]
    assert verified["equal"] == 0
    assert {one["destination_id"] for one in verified["different"]} == {""}


def test_on_an_instance_that_was_set_back_what_people_made_since_is_left_alone(
    servers: Servers, migrated: Migrated
) -> None:
    """It gives the ids of what a restore had made to other objects."""
    made, set_back = of_strangers(servers.world), copy.deepcopy(migrated.before)
    for kind in TYPES_WITH_PARTS:
        for row in made.table(kind):
            if set_back.get(kind, str(row.get("id") or row.get("name"))) is None:
                set_back.table(kind).put(copy.deepcopy(dict(row)))
                set_back.note_id(kind, row.get("id") or "0")
    servers.now_at(set_back)
    before = picture(servers.world)
    servers.migrate()
    assert changed(before, servers.world) == {}


def test_on_its_own_server_all_mappings_are_proved(servers: Servers) -> None:
    again = servers.migrate().all_good()
    assert [call.operation for call in again.writes] == []
    assert "ignoring the mapping" not in str(again.report["warnings"])


def test_what_people_have_renamed_since_is_still_known(servers: Servers) -> None:
    before = {kind: len(servers.world.table(kind)) for kind in TYPES_WITH_PARTS}
    for kind, name in (("look", "title"), ("dashboard", "title"), ("board", "title"), ("scheduled_plan", "name")):
        for row in list(servers.world.table(kind)):
            servers.edit(kind, row["id"], **{name: f"renamed {row[name]}"})
    for row in list(servers.world.table("dashboard")):
        servers.edit("dashboard", row["id"], slug=f"renamed{row['slug']}")
    ran = servers.migrate("look", "dashboard", "board", "scheduled_plan").all_good()
    assert ran.total("created") == 0
    assert {kind: len(servers.world.table(kind)) for kind in TYPES_WITH_PARTS} == before


def test_a_state_file_of_an_older_version_doubles_nothing_and_is_proved_from_now_on(servers: Servers) -> None:
    as_an_older_version_left_it(servers)
    before = picture(servers.world)
    ran = servers.migrate().all_good()
    assert ran.total("created") == 0
    assert changed(before, servers.world) == {} and len(picture(servers.world)) == len(before)
    with contextlib.closing(state_of(servers)) as state:
        query = "SELECT content_type FROM id_mappings WHERE content_type = ? AND destination_created_at = ''"
        assert [row for kind in ("look", "dashboard", "board") for row in state.execute(query, (kind,))] == []


def test_a_state_file_of_an_older_version_leads_onto_no_stranger(servers: Servers) -> None:
    as_an_older_version_left_it(servers)
    servers.now_at(of_strangers(servers.world))
    before = picture(servers.world)
    servers.migrate()
    assert changed(before, servers.world) == {}


def test_what_was_recorded_under_the_host_alone_still_counts(servers: Servers) -> None:
    """Older versions called a destination after its host; the port was added because two servers may share one."""
    with contextlib.closing(state_of(servers)) as state, state:
        state.execute("UPDATE id_mappings SET destination = '127.0.0.1'")
    for kind in ("look", "dashboard"):
        for row in list(servers.world.table(kind)):
            servers.edit(kind, row["id"], title=f"renamed {row['title']}")
    servers.extra_environment["LRESTORE_DESTINATION_NAME"] = ""
    ran = servers.migrate("look", "dashboard").all_good()
    assert ran.report["destination"]["name"] == servers.base_url.removeprefix("http://")
    assert (ran.total("created"), ran.total("updated")) == (0, 5)


def test_no_address_stands_in_the_state_file_s_mappings(servers: Servers) -> None:
    emails = [row["credentials_email"]["email"] for row in servers.world.table("user") if row.get("credentials_email")]
    with contextlib.closing(state_of(servers)) as state:
        told = " ".join(row[0] for row in state.execute("SELECT natural_key FROM id_mappings"))
    assert emails and told and not [email for email in emails if email in told]
