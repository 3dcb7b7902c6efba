"""Scheduled plans send content at set times. They are restored last, because a plan that runs early sends mail."""

from __future__ import annotations

from lrestore.ontology.schema import ContentType, Reference

_CONTENT = ("dashboard_id", "look_id", "lookml_dashboard_id", "query_id")

SCHEDULED_PLAN = ContentType(
    name="scheduled_plan",
    vault_number=12,
    model="ScheduledPlan",
    update_schema="ScheduledPlan",
    tier=10,
    get="scheduled_plan",
    create="create_scheduled_plan",
    update="update_scheduled_plan",
    delete="delete_scheduled_plan",
    list_all="all_scheduled_plans",
    # search_scheduled_plans is alpha in 26.12; the list takes all_users.
    search=None,
    required=("id",),
    create_needs=("name", "scheduled_plan_destination"),
    natural_key=("name", "user_id", *_CONTENT),
    one_of=_CONTENT,
    namesakes=True,
    created_at=True,
    asks=True,
    never_backed_up=("secret parameters of destinations such as webhooks and SFTP",),
    limits=(
        "secret parameters of destinations can be set and never read: where destinations change, they are lost",
        "a plan's history, and when it runs next, are Looker's",
        "only an admin may set another owner",
    ),
    references=(
        Reference("user_id", "user", "soft"),
        Reference("dashboard_id", "dashboard", "hard"),
        Reference("look_id", "look", "hard"),
        Reference("lookml_dashboard_id", "lookml_dashboard", "name"),
        Reference("query_id", "query", "hard"),
        Reference("tab_ids[]", "dashboard_layout", "hard"),
        Reference("datagroup", "datagroup", "name"),
        Reference("color_theme", "theme", "name"),
        Reference("scheduled_plan_destination[].type", "integration", "name"),
        Reference("scheduled_plan_destination[].address", "address", "text"),
        Reference("scheduled_plan_destination[].message", "any", "text"),
        Reference("filters_string", "dashboard_filter", "text"),
        Reference("custom_url_base", "any", "text"),
        Reference("custom_url_params", "any", "text"),
    ),
)
