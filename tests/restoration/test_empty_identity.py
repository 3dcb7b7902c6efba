"""Empty values are not written: "" instead of null, "None" that the SDK wrote for null, null names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lrestore.content.payload import Releases, wanted_object, wanted_part
from lrestore.messages import ItemResult
from lrestore.ontology import CONTENT_TYPES, is_built_in
from lrestore.ontology.nulls import KEPT
from lrestore.restoration.item import ItemRestorer
from lrestore.simulator.world.edits import Edit, edit
from tests.restoration.restore_fixture import SMALL, RestoreFixture, writes

KNOWN = Releases("26.12")


@pytest.fixture
def setup(tmp_path: Path) -> Iterator[RestoreFixture]:
    with RestoreFixture(tmp_path, sizes=replace(SMALL, boards=1, plans=1)) as made:
        yield made


def restored(setup: RestoreFixture, item: Any) -> ItemResult:
    return ItemRestorer(setup.context()).restore(item).result


def backed_up(setup: RestoreFixture, key: str, **values: Any) -> Any:
    item = setup.item(key)
    item.raw.update(values)
    return item


IDENTIFYING = [
    (schema, name)
    for schema, names in KEPT.items()
    for name, why in names.items()
    if "part of what the object is" in why
]


@pytest.mark.parametrize(("schema", "name"), [*IDENTIFYING, ("UpdateFolder", "name"), ("UpdateFolder", "parent_id")])
def test_an_empty_text_in_a_field_that_identifies_is_not_sent(schema: str, name: str) -> None:
    for wanted in (wanted_object({name: ""}, schema, KNOWN), wanted_part({name: ""}, schema, KNOWN)):
        assert wanted.get(name) is None


def test_an_empty_text_that_is_content_is_sent() -> None:
    assert wanted_part({"title_text": "", "look_id": ""}, "DashboardElement", KNOWN) == {
        "title_text": "",
        "look_id": None,
    }


def test_a_dashboard_with_an_empty_slug_keeps_its_live_one(setup: RestoreFixture) -> None:
    """Looker refuses the empty text."""
    slug = setup.dashboard("1")["slug"]
    item = backed_up(setup, "dashboard=1", slug="")
    setup.call("update_dashboard", {"title": "Drifted"}, dashboard_id="1")
    assert [change.path for change in restored(setup, item).changes] == ["title"]
    assert setup.dashboard("1")["slug"] == slug
    assert restored(setup, item).outcome == "unchanged"


def test_a_dashboard_with_an_empty_slug_gets_a_generated_one(setup: RestoreFixture) -> None:
    item = backed_up(setup, "dashboard=1", slug="")
    setup.call("delete_dashboard", dashboard_id="1")
    made = restored(setup, item).destination_id
    assert setup.dashboard(made)["slug"]
    calls = setup.counted(lambda: restored(setup, item))
    assert writes(calls) == {}


@pytest.mark.parametrize("live", ["", None])
def test_a_plan_with_an_empty_datagroup_has_none(setup: RestoreFixture, live: str | None) -> None:
    edit(setup.world, Edit(type="scheduled_plan", id="1", set={"datagroup": live}))
    assert restored(setup, backed_up(setup, "scheduled_plan=1", datagroup="")).outcome == "unchanged"


def test_a_plan_that_was_backed_up_without_times_keeps_its_live_ones(setup: RestoreFixture) -> None:
    item = backed_up(setup, "scheduled_plan=1", crontab="", datagroup="")
    assert restored(setup, item).outcome == "unchanged"


def nameless(setup: RestoreFixture) -> Any:
    """A live folder without a name, as in the backup."""
    plain = (row for row in setup.world.table("folder") if not is_built_in(CONTENT_TYPES["folder"], row))
    folder = next(plain)
    item = backed_up(setup, f"folder={folder['id']}", name="None")
    edit(setup.world, Edit(type="folder", id=folder["id"], set={"name": None}))
    return item


def test_none_in_a_required_text_of_the_backup_is_null_in_looker(setup: RestoreFixture) -> None:
    """The SDK's FolderBase.name is a required text: its converter writes "None" for null."""
    item = nameless(setup)
    calls = setup.counted(lambda: restored(setup, item))
    assert writes(calls) == {}


def test_a_live_name_is_not_replaced_by_none(setup: RestoreFixture) -> None:
    item = nameless(setup)
    edit(setup.world, Edit(type="folder", id=item.key.id, set={"name": "Given since"}))
    result = restored(setup, item)
    assert result.outcome == "unchanged"
    assert any("Given since" in warning for warning in result.warnings)


def test_a_folder_created_with_the_name_none_causes_a_warning(setup: RestoreFixture) -> None:
    item = nameless(setup)
    edit(setup.world, Edit(type="folder", id=item.key.id, delete=True))
    result = restored(setup, item)
    assert result.outcome == "created"
    assert any("with the name 'None'" in warning for warning in result.warnings)
    assert restored(setup, item).outcome == "unchanged"


def test_none_is_an_ordinary_text_elsewhere(setup: RestoreFixture) -> None:
    item = backed_up(setup, "dashboard=1", description="None")
    assert [change.new for change in restored(setup, item).changes] == ["None"]


@pytest.mark.parametrize(("key", "name"), [("scheduled_plan=1", "name"), ("board=1", "title")])
def test_objects_without_a_name_are_compared(setup: RestoreFixture, key: str, name: str) -> None:
    item = setup.item(key)
    del item.raw[name]
    assert restored(setup, item).outcome == "unchanged"


def test_a_board_without_a_title_is_recreated(setup: RestoreFixture) -> None:
    """The specification lets it be null."""
    item = setup.item("board=1")
    del item.raw["title"]
    setup.call("delete_board", board_id="1")
    made = restored(setup, item)
    assert made.outcome == "created"
    assert restored(setup, item).outcome == "unchanged"
