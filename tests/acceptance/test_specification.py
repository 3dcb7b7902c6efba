"""The destination's own specification: asked for once per release, obeyed, and not missed where there is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lrestore.ontology import fields
from lrestore.simulator.api.specification import swagger
from lrestore.simulator.core.config import SimulatorConfig
from tests.acceptance.instance_fixture import SMALL, InstanceFixture
from tests.acceptance.proxy import Exchange

DOCUMENT = "/api_spec/4.0/swagger.json"
OLD = "25.4.10"


class Spoken:
    """Serves a document at ``path``, and tells how often it was asked for a specification."""

    def __init__(self, document: Any, *, path: str = DOCUMENT, status: int = 200) -> None:
        self.document, self.path, self.status = document, path, status
        self.asked: list[str] = []

    def __call__(self, exchange: Exchange) -> None:
        if exchange.path.endswith("swagger.json"):
            self.asked.append(exchange.path)
            if exchange.path != self.path:
                exchange.refuse(404)
            else:
                exchange.status, exchange.answer = self.status, self.document


def serve(instance: InstanceFixture, document: Any, **how: Any) -> Spoken:
    spoken = Spoken(document, **how)
    instance.through(before=[spoken])
    return spoken


def of_release(instance: InstanceFixture, release: str) -> None:
    instance.simulator.simulation.configure(SimulatorConfig(release=release, keep_bodies=True))


def newer_backup(instance: InstanceFixture, dashboard_id: str = "1") -> None:
    """A backup that holds what a later release brought."""
    blob = {**instance.blob("dashboard", dashboard_id), "title": "Of a later release", "chat_enabled": True}
    blob["preserve_desktop_layout"] = True
    instance.back_up("dashboard", dashboard_id, blob)


def left_out(ran: Any) -> list[str]:
    return [warning for warning in ran.report["warnings"] if "does not know" in warning]


def test_it_is_asked_for_once_and_then_remembered(instance: InstanceFixture) -> None:
    spoken = serve(instance, swagger())
    for _ in range(2):
        instance.edit("dashboard", "1", title="Changed")
        instance.run("--select", "dashboard=1").all_good()
    instance.run("--select", "dashboard=1", "--plan").all_good()
    instance.run("--select", "dashboard=1", "--verify").all_good()
    assert spoken.asked == [DOCUMENT]


def test_another_release_is_asked_anew(instance: InstanceFixture) -> None:
    spoken = serve(instance, swagger())
    instance.run("--select", "dashboard=1").all_good()
    of_release(instance, "26.10.2")
    spoken.document = swagger("26.10.2")
    instance.run("--select", "dashboard=1").all_good()
    instance.run("--select", "dashboard=1").all_good()
    assert len(spoken.asked) == 2


def test_a_plan_asks_and_writes_nothing_down(instance: InstanceFixture, tmp_path: Path) -> None:
    spoken = serve(instance, swagger())
    instance.run("--select", "dashboard=1", "--plan").all_good()
    assert spoken.asked == [DOCUMENT]
    assert not (instance.directory / "state.db").exists()


def test_a_dry_run_does_not_ask(instance: InstanceFixture) -> None:
    spoken = serve(instance, swagger())
    instance.run("--select", "dashboard=1", "--dry-run").all_good()
    assert spoken.asked == []


def test_a_looker_of_the_sdks_own_release_is_not_asked(instance: InstanceFixture) -> None:
    spoken = serve(instance, swagger())
    of_release(instance, f"{fields.sdk_release()}.7")
    instance.run("--select", "dashboard=1").all_good()
    assert spoken.asked == []


def test_it_is_found_where_the_instance_says_it_is(instance: InstanceFixture) -> None:
    spoken = serve(instance, swagger(), path="/swagger.json")
    ran = instance.run("--select", "dashboard=1").all_good()
    assert spoken.asked == [DOCUMENT, "/swagger.json"]
    assert not [warning for warning in ran.report["warnings"] if "specification" in warning]
    assert ran.report["api"]["by_operation"]["api_spec"] == 2


@pytest.mark.parametrize(
    ("document", "status", "reason"),
    [
        (None, 200, "empty"),
        ("not yet", 200, "str"),
        ([], 200, "list"),
        ({"swagger": "2.0", "paths": {}}, 200, "no definitions"),
        ({"definitions": {}}, 200, "no definitions"),
        ({"definitions": {"Theme": {"properties": {"name": {}}}}}, 200, "no object"),
        ({"message": "broken"}, 500, "500"),
        ({"message": "later"}, 429, "429"),
        ({"message": "Not found"}, 404, "404"),
    ],
    ids=str,
)
def test_without_it_the_table_of_releases_has_to_do(
    instance: InstanceFixture, document: Any, status: int, reason: str
) -> None:
    """One call, one warning, and everything is restored."""
    spoken = serve(instance, document, status=status)
    of_release(instance, OLD)
    newer_backup(instance)
    ran = instance.run("--select", "dashboard=1").all_good()
    (warning,) = [one for one in ran.report["warnings"] if "specification" in one]
    assert OLD in warning and reason in warning
    assert len(spoken.asked) <= 2
    assert instance.world.get("dashboard", "1")["title"] == "Of a later release"  # type: ignore[index]
    assert left_out(ran) == [
        f"Looker {OLD} does not know dashboard.chat_enabled, dashboard.preserve_desktop_layout: left out"
    ]


def test_a_document_cut_short_is_no_document(instance: InstanceFixture) -> None:
    cut = msgspec.Raw(msgspec.json.encode(swagger())[:-50])
    spoken = serve(instance, cut)
    ran = instance.run("--select", "dashboard=1").all_good()
    assert len(spoken.asked) == 1
    assert any("not JSON" in warning for warning in ran.report["warnings"])


@pytest.mark.parametrize("count", ["one", "many"])
def test_what_the_destination_does_not_know_is_in_no_body_and_listed_once(tmp_path: Path, count: str) -> None:
    """In one process and in several: the specification says what no table could know."""
    document = swagger()
    for name in ("crossfilter_enabled", "hidden"):
        del document["definitions"]["Dashboard"]["properties"][name]
    sizes = replace(SMALL, dashboards=12) if count == "many" else SMALL
    with InstanceFixture(tmp_path, sizes=sizes) as instance:
        serve(instance, document)
        for dashboard in list(instance.world.table("dashboard")):
            instance.edit("dashboard", dashboard["id"], title="Changed", crossfilter_enabled=None, hidden=True)
        ran = instance.run("--select", "dashboard").all_good()
        bodies = [call.body for call in ran.writes if call.operation == "update_dashboard"]
        assert len(bodies) == ran.total("updated") == ran.total("selected") > (8 if count == "many" else 0)
        assert all({*body}.isdisjoint({"crossfilter_enabled", "hidden"}) for body in bodies)
        assert left_out(ran) == [
            "Looker 26.12.3 does not know dashboard.crossfilter_enabled, dashboard.hidden: left out"
        ]
        assert instance.run("--select", "dashboard").all_good().writes == []


def test_an_owner_that_cannot_be_set_there_is_told_of(instance: InstanceFixture) -> None:
    document = swagger()
    document["definitions"]["Dashboard"]["properties"]["user_id"]["readOnly"] = True
    serve(instance, document)
    users = [user["id"] for user in instance.world.table("user")]
    owner = instance.world.get("dashboard", "1")["user_id"]  # type: ignore[index]
    instance.edit("dashboard", "1", title="Changed", user_id=next(one for one in users if one != owner))
    ran = instance.run("--select", "dashboard=1").all_good()
    assert any("cannot set the owner" in warning for warning in ran.report["warnings"])
    assert ran.writes
    assert all("user_id" not in call.body for call in ran.writes)


def test_a_type_that_the_destination_does_not_have_is_left_out_with_one_warning(instance: InstanceFixture) -> None:
    document = swagger()
    del document["definitions"]["LookWithQuery"]
    document["paths"] = {path: row for path, row in document["paths"].items() if not path.startswith("/looks")}
    serve(instance, document)
    ran = instance.run("--select", "look", "--select", "folder").all_good()
    looks = ran.report["by_type"]["look"]
    assert looks["skipped"] == looks["selected"] > 1
    warned = [warning for warning in ran.report["warnings"] if "does not know them" in warning]
    assert warned == [f"left out, because Looker 26.12.3 does not know them: look ({looks['selected']})"]


def test_a_call_that_the_destination_does_not_have_is_left_out(instance: InstanceFixture) -> None:
    document = swagger()
    del document["paths"]["/looks/{look_id}"]["patch"]
    serve(instance, document)
    instance.edit("look", "1", title="Changed")
    ran = instance.run("--select", "look=1").all_good()
    assert ran.writes == [] and ran.total("unchanged") == 1
    assert left_out(ran) == ["Looker 26.12.3 does not know update_look (no such call there): left out"]


def test_a_create_that_the_destination_does_not_have_is_a_dead_letter(instance: InstanceFixture) -> None:
    document = swagger()
    del document["paths"]["/looks"]["post"]
    serve(instance, document)
    instance.delete("look", "1")
    ran = instance.run("--select", "look=1")
    assert ran.letter()["error_type"] == "NotRestorableError" and "create_look" in ran.letter()["message"]
