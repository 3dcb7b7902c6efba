"""Which release of Looker brought which field, and since when it can be written.

Computed from the history of Looker's published specification (up to release 26.12), beyond that from the releases of
its Python SDK. A field that is not listed was there, and writable, in 22.4: older releases are not supported.

Read-only fields are listed too: seeing one in a backup proves the release of what made it (:func:`proven_by`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

_ADDED: Mapping[str, tuple[str, ...]] = {
    "22.6": ("DashboardElement.extension_id",),
    "22.8": ("Dashboard.filters_location_top",),
    "22.20": ("Dashboard.enable_viz_full_screen",),
    "23.0": (
        "CredentialsEmail.account_setup_url",
        "CredentialsEmail.user_id",
        "ScheduledPlan.custom_url_base",
        "ScheduledPlan.custom_url_label",
        "ScheduledPlan.custom_url_params",
        "ScheduledPlan.show_custom_url",
    ),
    "23.8": ("User.is_iam_admin",),
    "24.2": ("MergeQuerySourceQuery.query_slug",),
    "24.14": ("CredentialsEmail.account_setup_url_expired", "CredentialsEmail.password_reset_url_expired"),
    "24.18": ("LookWithQuery.user_name",),
    "25.14": ("User.can_manage_api3_creds",),
    "25.18": (
        "DashboardElement.aria_description",
        "DashboardLayout.description",
        "DashboardLayout.label",
        "DashboardLayout.order",
        "User.is_service_account",
        "User.service_account_name",
    ),
    "25.20": (
        "Dashboard.certification_metadata",
        "DashboardElement.dashboard_layout_id",
        "LookWithQuery.certification_metadata",
    ),
    "26.0": (
        "Dashboard.layout_granularity",
        "DashboardLayoutComponent.granular_column",
        "DashboardLayoutComponent.granular_height",
        "DashboardLayoutComponent.granular_row",
        "DashboardLayoutComponent.granular_width",
        "Role.internal",
    ),
    "26.2": (
        "Dashboard.is_owner_disabled",
        "Dashboard.usage_count",
        "DashboardElement.certification_metadata",
        "LookWithQuery.is_owner_disabled",
        "LookWithQuery.usage_count",
        "MergeQuery.limit",
    ),
    "26.8": (
        "Dashboard.download_settings",
        "DashboardAppearance.modern_vis2026",
        "DashboardElement.filter_id",
        "DashboardLayout.lookml_link_id",
        "ScheduledPlan.pdf_page_breaks",
        "ScheduledPlan.tab_ids",
    ),
    "26.10": ("Dashboard.chat_enabled", "Dashboard.preserve_desktop_layout", "User.credentials_workforce"),
    "26.12": ("ScheduledPlan.include_dashboard_summary",),
    "26.18": (
        "DashboardAppearance.background_opacity",
        "DashboardAppearance.show_dashboard_header",
        "DashboardAppearance.show_dashboard_menu",
        "DashboardAppearance.show_filters_bar",
        "DashboardAppearance.show_filters_toggle",
        "DashboardAppearance.show_last_updated_indicator",
        "DashboardAppearance.show_reload_data_icon",
        "DashboardAppearance.show_title",
        "DashboardDownloadSettings.append_excel_metadata",
        "DashboardElement.group_id",
        "DashboardElement.image_id",
        "DashboardLayoutComponent.group_id",
        "ScheduledPlan.include_filters",
        "ScheduledPlanDestination.include_filters",
    ),
    "26.20": ("Dashboard.style",),
    "26.22": ("DashboardDownloadSettings.include_filters",),
}

_EARLIEST: Mapping[str, str] = {"25.14": "25.12", "26.18": "26.14"}
"""For releases that were not published: the earlier release with which a field may have come already."""

INTRODUCED: dict[str, str] = {name: release for release, names in _ADDED.items() for name in names}
"""``Schema.field`` → the release that surely has it."""

WRITABLE_SINCE: dict[str, str] = {
    "DashboardElement.extension_id": "23.0",
    "Dashboard.user_id": "26.8",
    "DashboardLayoutComponent.deleted": "26.8",
    "Board.user_id": "26.10",
    # In 26.0, gone in 26.2, back in 26.18.
    "Dashboard.layout_granularity": "26.18",
}
"""``Schema.field`` → the release that takes it in a body, where that is later than the field itself.

Result makers and their filterables lost the read-only mark in 25.16 only, but every public tool sent them long before,
and the tiles listened: they are not listed.
"""


def at_least(release: str, floor: str) -> bool:
    """Whether ``release`` is ``floor`` or later, by number: ``26.12.3`` is later than ``26.8``.

    A release that does not begin with a number is not known, and so not at least anything.
    """
    return _numbers(release) >= _numbers(floor)


def newest(releases: Iterable[str]) -> str:
    """The latest of some releases, by number."""
    return max(releases, key=_numbers)


def proven_by(seen: Mapping[str, Collection[str]]) -> list[str]:
    """For each field that has not always been there: the lowest release that can have shown it. ``seen``: fields by
    schema.
    """
    introduced = (INTRODUCED.get(f"{schema}.{name}") for schema, names in seen.items() for name in names)
    return [_EARLIEST.get(release, release) for release in introduced if release is not None]


def _numbers(release: str) -> tuple[int, ...]:
    numbers: list[int] = []
    for part in release.split("."):
        if not part.isdecimal():
            break
        numbers.append(int(part))
    return tuple(numbers)
