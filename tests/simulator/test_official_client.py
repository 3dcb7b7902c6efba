"""Looker's own client works against the simulator unchanged."""

from __future__ import annotations

from collections.abc import Iterator

import looker_sdk
import pytest
from looker_sdk import error, models40
from looker_sdk.sdk.api40.methods import Looker40SDK

from lrestore.simulator.http.server import RunningSimulator, start
from lrestore.simulator.world.world import make_world


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with start(make_world()) as running:
        yield running


@pytest.fixture
def sdk(simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> Looker40SDK:
    monkeypatch.setenv("LOOKERSDK_BASE_URL", simulator.base_url)
    monkeypatch.setenv("LOOKERSDK_CLIENT_ID", simulator.client_id)
    monkeypatch.setenv("LOOKERSDK_CLIENT_SECRET", simulator.client_secret)
    return looker_sdk.init40()


def test_the_official_client_reads(sdk: Looker40SDK) -> None:
    assert sdk.me().role_ids == ["1"]
    assert sdk.versions().looker_release_version
    dashboard = sdk.dashboard("1")
    assert dashboard.dashboard_elements and len(dashboard.dashboard_elements) == 20
    assert dashboard.created_at is not None and dashboard.created_at.tzinfo is not None
    assert len(sdk.search_dashboards(limit=5)) == 5
    assert sdk.all_folders() and sdk.all_users() and sdk.all_lookml_models() and sdk.search_looks()
    assert sdk.all_scheduled_plans(all_users=True) and sdk.all_boards() and sdk.all_roles()


def test_the_official_client_creates_updates_and_deletes_a_dashboard_with_its_parts(sdk: Looker40SDK) -> None:
    key = sdk.create_dashboard(models40.WriteDashboard(title="By the SDK", folder_id="1")).id
    assert key
    query = sdk.create_query(models40.WriteQuery(model="ecommerce", view="orders", fields=["orders.count"]))
    sdk.create_dashboard_filter(
        models40.WriteCreateDashboardFilter(dashboard_id=key, name="Region", title="Region", type="string_filter")
    )
    tile = sdk.create_dashboard_element(
        models40.WriteDashboardElement(dashboard_id=key, type="vis", title="Orders", query_id=query.id)
    )
    dashboard = sdk.dashboard(key)
    assert dashboard.dashboard_layouts
    components = dashboard.dashboard_layouts[0].dashboard_layout_components
    assert components and components[0].id and components[0].dashboard_element_id == tile.id
    moved = sdk.update_dashboard_layout_component(
        components[0].id, models40.WriteDashboardLayoutComponent(row=3, column=2)
    )
    assert (moved.row, moved.column) == (3, 2)
    assert sdk.update_dashboard(key, models40.WriteDashboard(deleted=True)).deleted_at
    assert [d.id for d in sdk.search_dashboards(title="By the SDK", deleted="true")] == [key]
    assert sdk.delete_dashboard(key) == ""
    with pytest.raises(error.SDKError, match="Not found"):
        sdk.dashboard(key)


def test_the_official_client_creates_updates_and_deletes_all_other_types(sdk: Looker40SDK) -> None:
    folder = sdk.create_folder(models40.CreateFolder(name="By the SDK", parent_id="1"))
    assert folder.id
    look = sdk.create_look(models40.WriteLookWithQuery(title="L", folder_id=folder.id, query_id="1"))
    group = sdk.create_group(models40.WriteGroup(name="By the SDK"))
    permissions = sdk.create_permission_set(models40.WritePermissionSet(name="By the SDK", permissions=["explore"]))
    models = sdk.create_model_set(models40.WriteModelSet(name="By the SDK", models=["ecommerce"]))
    role = sdk.create_role(
        models40.WriteRole(name="By the SDK", permission_set_id=permissions.id, model_set_id=models.id)
    )
    assert look.id and group.id and role.id
    assert sdk.update_look(look.id, models40.WriteLookWithQuery(description="d")).description == "d"
    assert sdk.update_folder(folder.id, models40.UpdateFolder(name="Renamed")).name == "Renamed"
    assert sdk.update_group(group.id, models40.WriteGroup(name="Renamed")).name == "Renamed"
    assert [g.id for g in sdk.set_role_groups(role.id, [group.id])] == [group.id]
    for answer in (sdk.delete_role(role.id), sdk.delete_group(group.id), sdk.delete_folder(folder.id)):
        assert answer == ""
    assert sdk.look(look.id).deleted is True


def test_a_refusal_names_the_fields(sdk: Looker40SDK) -> None:
    with pytest.raises(error.SDKError) as refused:
        sdk.create_dashboard(models40.WriteDashboard(title="no folder"))
    assert [(e.field, e.code) for e in refused.value.errors] == [("folder_id", "missing_field")]


def test_the_official_client_logs_out(sdk: Looker40SDK) -> None:
    sdk.me()
    assert sdk.logout() == ""
