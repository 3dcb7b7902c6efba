"""Explores: Looker's API cannot make LookML, so a restore says whether they are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from lrestore.content.references import field_uses
from tests.acceptance.instance_fixture import InstanceFixture
from tests.acceptance.proxy import Exchange


def explores(instance: InstanceFixture) -> list[str]:
    """The ids of all explores that the instance has."""
    models = instance.world.table("lookml_model")
    return [f"{model['name']}::{explore['name']}" for model in models for explore in model["explores"] or ()]


def without(instance: InstanceFixture, explore_id: str) -> None:
    """Deploy LookML without the explore."""
    model, _, name = explore_id.partition("::")
    record = instance.world.get("lookml_model", model)
    assert record is not None
    instance.edit("lookml_model", model, explores=[entry for entry in record["explores"] if entry["name"] != name])


def test_explores_that_are_there_are_unchanged_and_cost_one_call_together(instance: InstanceFixture) -> None:
    expected = explores(instance)
    ran = instance.run("--select", "explore").all_good()
    assert ran.total("selected") == ran.total("unchanged") == len(expected)
    assert ran.operations - Counter({"user_roles": 1}) == {"all_lookml_models": 1}


def test_a_missing_explore_is_a_dead_letter_that_names_it(instance: InstanceFixture) -> None:
    gone = explores(instance)[0]
    without(instance, gone)
    ran = instance.run("--select", "explore")
    assert ran.code == 1 and ran.total("failed") == 1 and not ran.writes
    letter = ran.letter()
    assert (letter["type"], letter["id"], letter["error_type"]) == ("explore", gone, "NotRestorableError")
    assert gone in letter["message"] and "cannot create LookML" in letter["message"]


def test_a_missing_explore_may_be_skipped(instance: InstanceFixture) -> None:
    gone = explores(instance)[0]
    without(instance, gone)
    ran = instance.run("--select", f"explore={gone}", "--if-missing", "skip").all_good()
    assert ran.total("skipped") == 1


def test_one_explore_is_selected_by_model_and_name(instance: InstanceFixture) -> None:
    wanted = explores(instance)[1]
    assert instance.run("--select", f"explore={wanted}").all_good().total("unchanged") == 1
    ran = instance.run("--select", "explore=no::such")
    assert ran.letter()["error_type"] == "MissingItemError"


def test_all_means_what_the_backup_holds(instance: InstanceFixture) -> None:
    """LookerVault backs up no explores: they are asked about by name alone."""
    assert "explore" not in instance.run("--select", "all", "--dry-run").report["by_type"]


def test_a_dry_run_lists_explores_without_a_call(instance: InstanceFixture) -> None:
    ran = instance.run("--select", "explore", "--dry-run").all_good()
    assert ran.total("selected") == len(explores(instance)) and not ran.calls


def with_fields(names: list[str]) -> Callable[[Exchange], None]:
    """Looker shows an explore with these fields, if it is asked for them."""

    def variant(exchange: Exchange) -> None:
        if "/explores/" in exchange.path and "fields(" in exchange.query.get("fields", "") and exchange.status == 200:
            exchange.answer = {"fields": {"dimensions": [{"name": name} for name in names], "measures": []}}

    return variant


def test_a_field_that_another_instance_lacks_is_named_with_its_places(instance: InstanceFixture) -> None:
    """The dashboard is made all the same: its tile will show an error until the LookML is there."""
    blob = instance.blob("dashboard", "1")
    blob["dashboard_elements"] = [tile for tile in blob["dashboard_elements"] if tile.get("query")]
    instance.back_up("dashboard", "1", {**blob, "slug": "another", "title": "Another"})
    uses = [*field_uses("dashboard", blob)]
    gone = uses[0]
    instance.through(after=[with_fields([use.field for use in uses if use.field != gone.field])])
    ran = instance.run("--select", "dashboard=1", LRESTORE_RUN_IDENTITY="cross-instance").all_good()
    warned = [warning for warning in ran.report["warnings"] if f"field {gone.field} of explore=" in warning]
    assert any(f"{gone.model}::{gone.explore}" in one and gone.path in one for one in warned)
    read = [call.path for call in ran.calls if call.operation == "lookml_model_explore"]
    assert read and len(read) == len(set(read))


def test_in_the_same_instance_no_explore_is_read_for_its_fields(instance: InstanceFixture) -> None:
    instance.delete("dashboard", "1")
    ran = instance.run("--select", "dashboard=1").all_good()
    assert ran.operations["lookml_model_explore"] == 0
