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
from tests.restoration.restore_fixture import SMALL, Stage, writes

KNOWN = Releases("26.12")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path, sizes=replace(SMALL, boards=1, plans=1)) as made:
        yield made


def restored(stage: Stage, item: Any) -> ItemResult:
    return ItemRestorer(stage.context()).restore(item).result


def backed_up(stage: Stage, key: str, **values: Any) -> Any:
    item = stage.item(key)
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


def test_a_dashboard_with_an_empty_slug_keeps_its_live_one(stage: Stage) -> None:
    """Looker refuses the empty text."""
    slug = stage.dashboard("1")["slug"]
    item = backed_up(stage, "dashboard=1", slug="")
    stage.call("update_dashboard", {"title": "Drifted"}, dashboard_id="1")
    assert [change.path for change in restored(stage, item).changes] == ["title"]
    assert stage.dashboard("1")["slug"] == slug
    assert restored(stage, item).outcome == "unchanged"


def test_a_dashboard_with_an_empty_slug_gets_a_generated_one(stage: Stage) -> None:
    item = backed_up(stage, "dashboard=1", slug="")
    stage.call("delete_dashboard", dashboard_id="1")
    made = restored(stage, item).destination_id
    assert stage.dashboard(made)["slug"]
    calls = stage.counted(lambda: restored(stage, item))
    assert writes(calls) == {}


@pytest.mark.parametrize("live", ["", None])
def test_a_plan_with_an_empty_datagroup_has_none(stage: Stage, live: str | None) -> None:
    edit(stage.world, Edit(type="scheduled_plan", id="1", set={"datagroup": live}))
    assert restored(stage, backed_up(stage, "scheduled_plan=1", datagroup="")).outcome == "unchanged"


def test_a_plan_that_was_backed_up_without_times_keeps_its_live_ones(stage: Stage) -> None:
    item = backed_up(stage, "scheduled_plan=1", crontab="", datagroup="")
    assert restored(stage, item).outcome == "unchanged"


def nameless(stage: Stage) -> Any:
    """A live folder without a name, as in the backup."""
    plain = (row for row in stage.world.table("folder") if not is_built_in(CONTENT_TYPES["folder"], row))
    folder = next(plain)
    item = backed_up(stage, f"folder={folder['id']}", name="None")
    edit(stage.world, Edit(type="folder", id=folder["id"], set={"name": None}))
    return item


def test_none_in_a_required_text_of_the_backup_is_null_in_looker(stage: Stage) -> None:
    """The SDK's FolderBase.name is a required text: its converter writes "None" for null."""
    item = nameless(stage)
    calls = stage.counted(lambda: restored(stage, item))
    assert writes(calls) == {}


def test_a_live_name_is_not_replaced_by_none(stage: Stage) -> None:
    item = nameless(stage)
    edit(stage.world, Edit(type="folder", id=item.key.id, set={"name": "Given since"}))
    result = restored(stage, item)
    assert result.outcome == "unchanged"
    assert any("Given since" in warning for warning in result.warnings)


def test_a_folder_created_with_the_name_none_causes_a_warning(stage: Stage) -> None:
    item = nameless(stage)
    edit(stage.world, Edit(type="folder", id=item.key.id, delete=True))
    result = restored(stage, item)
    assert result.outcome == "created"
    assert any("with the name 'None'" in warning for warning in result.warnings)
    assert restored(stage, item).outcome == "unchanged"


def test_none_is_an_ordinary_text_elsewhere(stage: Stage) -> None:
    item = backed_up(stage, "dashboard=1", description="None")
    assert [change.new for change in restored(stage, item).changes] == ["None"]


@pytest.mark.parametrize(("key", "name"), [("scheduled_plan=1", "name"), ("board=1", "title")])
def test_objects_without_a_name_are_compared(stage: Stage, key: str, name: str) -> None:
    item = stage.item(key)
    del item.raw[name]
    assert restored(stage, item).outcome == "unchanged"


def test_a_board_without_a_title_is_recreated(stage: Stage) -> None:
    """The specification lets it be null."""
    item = stage.item("board=1")
    del item.raw["title"]
    stage.call("delete_board", board_id="1")
    made = restored(stage, item)
    assert made.outcome == "created"
    assert restored(stage, item).outcome == "unchanged"
