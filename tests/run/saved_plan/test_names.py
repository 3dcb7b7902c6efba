"""Values of a saved plan are those that are written later, apart from ids that objects have got meanwhile."""

from __future__ import annotations

import pytest

from lrestore.messages import ItemKey
from lrestore.run.saved_plan.names import PlannedNames

MADE = {("dashboard", "7"): "31"}
NAMES = PlannedNames(lambda *key: MADE.get(key), lambda _: None, ItemKey("dashboard", "7"), "31")


@pytest.mark.parametrize(
    ("planned", "now", "same"),
    [
        ("new dashboard 7", "31", True),
        ("See [this](/dashboards/7).", "See [this](/dashboards/31).", True),
        ("https://there.example.com/dashboards/7", "https://here.example.com/dashboards/31", True),
        ("See [this](/dashboards/7).", "See [this](/dashboards/32).", False),
        ("See [that](/dashboards/8).", "See [that](/dashboards/31).", False),
        ("See [this](/looks/7).", "See [this](/looks/31).", False),
        ("See [this](/dashboards/7).", "Look at [this](/dashboards/31).", False),
    ],
)
def test_a_link_to_the_item_itself_leads_to_its_new_id_once_it_is_created(planned: str, now: str, same: bool) -> None:
    assert NAMES.same({"body_text": planned}, {"body_text": now}) is same
