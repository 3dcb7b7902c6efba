"""Dashboards, with the parts that have endpoints of their own: filters, layouts, tiles, places of tiles on layouts."""

from __future__ import annotations

from lrestore.ontology.schema import OF_MODEL, SET, ContentType, Part, Protection, Reference

FILTER = Part(
    type="dashboard_filter",
    path="dashboard_filters",
    model="DashboardFilter",
    create="create_dashboard_filter",
    update="update_dashboard_filter",
    delete="delete_dashboard_filter",
    parent_field="dashboard_id",
    match=("name", "title"),
)

LAYOUT = Part(
    type="dashboard_layout",
    path="dashboard_layouts",
    model="DashboardLayout",
    create="create_dashboard_layout",
    update="update_dashboard_layout",
    delete="delete_dashboard_layout",
    parent_field="dashboard_id",
    match=("label", "order", "active"),
)

ELEMENT = Part(
    type="dashboard_element",
    path="dashboard_elements",
    model="DashboardElement",
    create="create_dashboard_element",
    update="update_dashboard_element",
    delete="delete_dashboard_element",
    parent_field="dashboard_id",
    match=("type", "title", "title_text", "query_id", "look_id", "merge_result_id"),
)

COMPONENT = Part(
    type="dashboard_layout_component",
    path="dashboard_layouts[].dashboard_layout_components",
    model="DashboardLayoutComponent",
    # Looker makes one per tile; there is neither POST nor DELETE for it.
    create=None,
    update="update_dashboard_layout_component",
    delete=None,
    parent_field="dashboard_layout_id",
    match=("dashboard_element_id",),
)

_SHOWN = ("vis_config", "dynamic_fields")
"""Fields of a query that may hold links: visualisations, and custom fields with drill links."""

_QUERIES = ("query", "result_maker", "result_maker.query", "look.query")

_TEXTS_OF_TILES = (
    *("title_text", "subtitle_text", "body_text", "note_text", "rich_content_json"),
    *(f"{source}.{name}" for source in _QUERIES for name in _SHOWN),
)

_TILE_REFERENCES = (
    Reference("dashboard_elements[].dashboard_id", "dashboard", "parent"),
    Reference("dashboard_elements[].dashboard_layout_id", "dashboard_layout", "soft"),
    Reference("dashboard_elements[].look_id", "look", "hard"),
    Reference("dashboard_elements[].query_id", "query", "hard"),
    Reference("dashboard_elements[].merge_result_id", "merge_query", "hard"),
    Reference("dashboard_elements[].filter_id", "dashboard_filter", "soft"),
    Reference("dashboard_elements[].extension_id", "extension", "name"),
    Reference("dashboard_elements[].result_maker.merge_result_id", "merge_query", "hard"),
    Reference("dashboard_elements[].result_maker.sql_query_id", "sql_query", "hard"),
    Reference("dashboard_elements[].result_maker.filterables[].model", "lookml_model", "name"),
    Reference("dashboard_elements[].result_maker.filterables[].view", "explore", "name"),
    Reference("dashboard_elements[].result_maker.filterables[].name", "query", "name"),
    Reference(
        "dashboard_elements[].result_maker.filterables[].listen[].dashboard_filter_name", "dashboard_filter", "name"
    ),
    Reference("dashboard_elements[].result_maker.filterables[].listen[].field", "lookml_field", "name"),
    *(Reference(f"dashboard_elements[].{name}", "any", "text") for name in _TEXTS_OF_TILES),
)

_FILTER_REFERENCES = (
    Reference("dashboard_filters[].dashboard_id", "dashboard", "parent"),
    Reference("dashboard_filters[].model", "lookml_model", "name"),
    Reference("dashboard_filters[].explore", "explore", "name"),
    Reference("dashboard_filters[].dimension", "lookml_field", "name"),
    Reference("dashboard_filters[].listens_to_filters[]", "dashboard_filter", "name"),
)

_LAYOUT_REFERENCES = (
    Reference("dashboard_layouts[].dashboard_id", "dashboard", "parent"),
    Reference("dashboard_layouts[].lookml_link_id", "lookml_dashboard", "soft"),
    Reference("dashboard_layouts[].dashboard_layout_components[].dashboard_layout_id", "dashboard_layout", "parent"),
    Reference("dashboard_layouts[].dashboard_layout_components[].dashboard_element_id", "dashboard_element", "parent"),
)

DASHBOARD = ContentType(
    name="dashboard",
    vault_number=1,
    model="Dashboard",
    update_schema="Dashboard",
    tier=8,
    get="dashboard",
    create="create_dashboard",
    update="update_dashboard",
    delete="delete_dashboard",
    list_all="all_dashboards",
    search="search_dashboards",
    title_field="title",
    required=("id", "title"),
    # Both are asked for by the text of create_dashboard, not by its schema.
    create_needs=("title", "folder_id"),
    # Unique in the whole instance, trash included; a title is unique only in its folder.
    limits=(
        "id, creation time, views and favourites cannot be set; a dashboard that was deleted for good gets a new id",
        "Looker makes the places of tiles itself: they can be moved, neither made nor deleted",
        "certification has its own call, which records the user that certified: it is not restored",
        "LookML dashboards are files: they cannot be written",
    ),
    never_backed_up=("alerts: those of live tiles stay, those of lost tiles are lost",),
    natural_key=("slug",),
    created_at=True,
    trash=True,
    # Of LookML dashboards alone: they have the model they are written in as read-only Dashboard.model.
    built_in=(
        Protection("LookML dashboard: it comes from its LookML project", (("readonly", True), ("model", SET))),
        Protection("LookML dashboard, as its id says: it comes from its LookML project", (("id", OF_MODEL),)),
    ),
    references=(
        Reference("user_id", "user", "soft"),
        Reference("folder_id", "folder", "hard"),
        # Once it is set, a sync from LookML overwrites the dashboard.
        Reference("lookml_link_id", "lookml_dashboard", "soft"),
        Reference("description", "any", "text"),
        *_FILTER_REFERENCES,
        *_LAYOUT_REFERENCES,
        *_TILE_REFERENCES,
    ),
    parts=(FILTER, LAYOUT, ELEMENT, COMPONENT),
)
