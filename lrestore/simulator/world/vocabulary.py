"""Words, models and settings from which worlds are generated."""

from __future__ import annotations

from collections.abc import Mapping

MODELS: Mapping[str, tuple[str, ...]] = {
    "ecommerce": ("orders", "order_items", "customers", "products", "inventory", "returns"),
    "marketing": ("campaigns", "sessions", "leads", "attribution"),
    "finance": ("invoices", "budget", "headcount"),
    "support": ("tickets", "agents", "surveys"),
}
DIMENSIONS = ("region", "country", "channel", "segment", "status", "created_month", "created_week", "category", "owner")
MEASURES = ("count", "total_amount", "average_amount", "rate", "distinct_users", "margin")
VIS_TYPES = (
    "looker_column",
    "looker_line",
    "looker_bar",
    "looker_area",
    "looker_pie",
    "looker_grid",
    "single_value",
    "looker_scatter",
    "looker_funnel",
)
PERIODS = ("Daily", "Weekly", "Monthly", "Quarterly", "FY26", "Rolling", "Year-end")
TOPICS = (
    "Revenue",
    "Orders",
    "Churn",
    "Pipeline",
    "Inventory",
    "Returns",
    "Campaigns",
    "Headcount",
    "Margins",
    "Tickets",
    "Shipping",
    "Retention",
    "Renewals",
    "Suppliers",
)
SORTS_OF_VIEW = ("overview", "by region", "health", "deep dive", "for the board", "scorecard", "by team")
FOLDERS = (
    "Sales",
    "Marketing",
    "Finance",
    "Operations",
    "Customer care",
    "Product",
    "Europe",
    "Americas",
    "Archive 2024",
)
FIRST_NAMES = (
    "Ada",
    "Bruno",
    "Chidi",
    "Dolores",
    "Emre",
    "Freya",
    "Grace",
    "Hiro",
    "Ines",
    "Jonas",
    "Kateryna",
    "Liam",
)
LAST_NAMES = ("Abara", "Berg", "Costa", "Dubois", "Eriksen", "Fischer", "García", "Horvat", "Ito", "Jansen", "Kowalska")
GROUPS = ("Analysts", "Sales managers", "Executives", "Data team", "Finance", "Support leads", "Partners")
PERMISSIONS: Mapping[str, tuple[str, ...]] = {
    "Developer": (
        "access_data",
        "see_looks",
        "see_user_dashboards",
        "explore",
        "save_content",
        "develop",
        "see_lookml",
    ),
    "User": ("access_data", "see_looks", "see_user_dashboards", "explore", "save_content", "schedule_look_emails"),
    "Viewer": ("access_data", "see_looks", "see_user_dashboards"),
}
ALL_PERMISSIONS = (
    *PERMISSIONS["Developer"],
    "schedule_look_emails",
    "see_users",
    "sudo",
    "manage_models",
    "administer",
)
NOTES = (
    "Source: finance warehouse, refreshed every morning.",
    "Orders without a region are left out.",
    "Ask the data team before sharing outside.",
)
COLORS = ("#1A73E8", "#12B5CB", "#E52592", "#E8710A", "#F9AB00", "#7CB342", "#9334E6", "#80868B")

VIS_DEFAULTS: Mapping[str, object] = {
    "show_view_names": False,
    "show_row_numbers": True,
    "transpose": False,
    "truncate_text": True,
    "hide_totals": False,
    "hide_row_totals": False,
    "size_to_fit": True,
    "table_theme": "white",
    "limit_displayed_rows": False,
    "enable_conditional_formatting": False,
    "header_text_alignment": "left",
    "header_font_size": "12",
    "rows_font_size": "12",
    "x_axis_gridlines": False,
    "y_axis_gridlines": True,
    "show_y_axis_labels": True,
    "show_y_axis_ticks": True,
    "y_axis_tick_density": "default",
    "y_axis_tick_density_custom": 5,
    "show_x_axis_label": True,
    "show_x_axis_ticks": True,
    "y_axis_scale_mode": "linear",
    "x_axis_reversed": False,
    "plot_size_by_field": False,
    "trellis": "",
    "stacking": "",
    "legend_position": "center",
    "point_style": "none",
    "show_value_labels": False,
    "label_density": 25,
    "x_axis_scale": "auto",
    "y_axis_combined": True,
    "ordering": "none",
    "show_null_labels": False,
    "show_totals_labels": False,
    "defaults_version": 1,
    "series_types": {},
    "hidden_fields": None,
}
