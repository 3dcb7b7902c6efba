"""Items that the lists do not show are created without a read, and looked for where something speaks against it."""

from __future__ import annotations

import pytest

from lrestore.looker.read.index import WORTH_READING_ALONE
from lrestore.messages import Intent, ItemKey
from lrestore.restoration.context import WritingContext
from lrestore.restoration.identify.candidates import Candidates
from lrestore.restoration.identify.resolve import by_name
from lrestore.restoration.item import ItemRestorer
from tests.restoration.restore_fixture import RestoreFixture

LOOK = "look=2"


def believing(setup: RestoreFixture) -> WritingContext:
    """A run that has read the lists, without look 2 and dashboard 2, and whose first answers were checked. Look 4 and
    dashboard 3 are in the trash: lists that show no trash prove less.
    """
    setup.call("delete_look", look_id="2")
    setup.call("delete_dashboard", dashboard_id="2")
    setup.call("update_look", {"deleted": True}, look_id="4")
    setup.call("update_dashboard", {"deleted": True}, dashboard_id="3")
    context = setup.context()
    live = context.destination.live
    for type_name in ("look", "dashboard"):
        live.index.expect(type_name, WORTH_READING_ALONE)
        assert not live.index.take_missing(type_name, "99999")
        live.prefetch_all(type_name, ["1", "2", "3"])
    return context


def test_a_missing_item_costs_no_read_of_its_own(setup: RestoreFixture) -> None:
    restorer = ItemRestorer(believing(setup))
    for key in (LOOK, "dashboard=2"):
        calls = setup.counted(lambda key=key: restorer.restore(setup.item(key)))  # type: ignore[misc]
        assert calls["search_looks"] + calls["search_dashboards"] + calls["look"] + calls["dashboard"] == 0
        assert calls["create_look"] + calls["create_dashboard"] == 1


def test_an_item_that_is_planned_again_is_looked_for(setup: RestoreFixture) -> None:
    restorer = ItemRestorer(believing(setup))
    restorer.plan(setup.item(LOOK))
    calls = setup.counted(lambda: restorer.plan(setup.item(LOOK)))
    assert calls["look"] == 1
    assert calls["search_looks"] == 2


def test_an_item_with_an_open_create_is_looked_for(setup: RestoreFixture) -> None:
    context = believing(setup)
    context.journal.open_intents([Intent(ItemKey("look", "2"))])
    calls = setup.counted(lambda: ItemRestorer(context).plan(setup.item(LOOK)))
    assert calls["look"] == 1
    assert calls["search_looks"] >= 2


def test_a_hidden_item_is_looked_for(setup: RestoreFixture) -> None:
    context = believing(setup)
    item = setup.item("dashboard=2")
    item.raw["hidden"] = True
    assert setup.counted(lambda: ItemRestorer(context).plan(item))["dashboard"] == 1


@pytest.mark.parametrize("unsure", ["", "created", "open"])
def test_a_reference_to_a_missing_look_costs_no_search_unless_it_may_appear(setup: RestoreFixture, unsure: str) -> None:
    context, look = believing(setup), ItemKey("look", "2")
    names = {name: setup.item(LOOK).raw[name] for name in ("title", "folder_id", "query_id")}
    if unsure == "created":
        context.destination.live.put("look", setup.call("create_look", names))
    if unsure == "open":
        context.journal.open_intents([Intent(look)])
    found: list[Candidates] = []
    calls = setup.counted(lambda: found.append(by_name(context).targets(look, setup.item(LOOK).raw)))
    assert calls["search_looks"] == (2 if unsure else 0)
    assert len(found[0].rows) == (unsure == "created")


def test_an_item_that_another_person_has_just_created_is_adopted(setup: RestoreFixture) -> None:
    context = believing(setup)
    backed_up = setup.item(LOOK).raw
    body = {name: backed_up[name] for name in ("title", "folder_id", "query_id")}
    made = setup.call("create_look", body)
    result = ItemRestorer(context).restore(setup.item(LOOK)).result
    assert (result.outcome, result.destination_id) == ("updated", str(made["id"]))
    assert [row["title"] for row in setup.call("all_looks")].count(backed_up["title"]) == 1
