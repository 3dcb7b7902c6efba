"""Fields that the SDK's Write* models show as writable and that a restore must not send, each with its reason.

The OpenAPI 3 document cannot mark a property read-only that refers to another schema, so the models made from it offer
embedded copies for writing. The Swagger 2 document of the same release has the marks. No other module
names writable fields.
"""

from __future__ import annotations

from collections.abc import Mapping

_EMBEDDED = "an embedded copy, read-only in the Swagger document: a source of definitions, never a body"
_CREDENTIALS = "read-only in the Swagger document: credentials have calls of their own, or come to be at a login"
_CERTIFICATION = "read-only in the Swagger document: certification has a call of its own"
_READ_ONLY = "read-only in the Swagger document"
_UNSEEN = "write-only: a backup never has it, and null would erase the live one"
_OWN = "the plan's own, not its destination's: Looker knows which plan it belongs to"
_NO_ENDPOINT = "names an object that no call of the specification can read or make, so its id cannot be translated"

NOT_SENT: Mapping[str, Mapping[str, str]] = {
    "Dashboard": {
        "folder": _EMBEDDED,
        "model": _EMBEDDED,
        "certification_metadata": _CERTIFICATION,
    },
    "DashboardElement": {
        "look": _EMBEDDED,
        "query": _EMBEDDED,
        "certification_metadata": _CERTIFICATION,
        "result_maker_id": "no call makes one, and together with query_id, look_id or merge_result_id it is refused; "
        "of a new tile of SQL Runner, which has none of these, it is sent",
        "image_id": _NO_ENDPOINT,
        "group_id": _NO_ENDPOINT,
    },
    "DashboardLayoutComponent": {"group_id": _NO_ENDPOINT},
    "ResultMakerWithIdVisConfigAndDynamicFields": {
        "id": _READ_ONLY,
        "query": _EMBEDDED,
        "query_id": _READ_ONLY,
    },
    "LookWithQuery": {
        "folder": _EMBEDDED,
        "model": _EMBEDDED,
        "query": _EMBEDDED,
        "certification_metadata": _CERTIFICATION,
    },
    "Query": {"client_id": "Looker makes one per query; it must be unique and says nothing about what is asked"},
    "MergeQuerySourceQuery": {"query_slug": "another way to say query_id, of the instance that was backed up"},
    "User": {
        "credentials_email": _CREDENTIALS,
        "credentials_google": _CREDENTIALS,
        "credentials_ldap": _CREDENTIALS,
        "credentials_looker_openid": _CREDENTIALS,
        "credentials_oidc": _CREDENTIALS,
        "credentials_saml": _CREDENTIALS,
        "credentials_totp": _CREDENTIALS,
        "credentials_workforce": _CREDENTIALS,
    },
    "Role": {"permission_set": _EMBEDDED, "model_set": _EMBEDDED},
    "BoardItem": {"custom_image_data_base64": _UNSEEN},
    "ScheduledPlan": {
        "user": _EMBEDDED,
        "dashboard_filters": "deprecated alias of filters_string",
        "run_once": "would run the plan and send its mail at once",
    },
    "ScheduledPlanDestination": {
        "id": _READ_ONLY,
        "looker_recipient": _READ_ONLY,
        "scheduled_plan_id": _OWN,
        "secret_parameters": _UNSEEN,
    },
}
"""Schema → field → why it is not sent."""

TAKEN_ALL_THE_SAME: Mapping[str, frozenset[str]] = {
    "ResultMakerFilterables": frozenset({"listen", "model", "name", "view"}),
    "ResultMakerFilterablesListen": frozenset({"dashboard_filter_name", "field"}),
    "ResultMakerWithIdVisConfigAndDynamicFields": frozenset(
        {"dynamic_fields", "filterables", "merge_result_id", "sorts", "sql_query_id", "total", "vis_config"}
    ),
}
"""Schema → fields that are sent although a Looker's own specification may mark them read-only.

``listen`` is still marked, the others were until 25.16. Every public tool has always sent them, and Looker stores them.
"""
