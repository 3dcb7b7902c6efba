"""Ways in which another Looker may answer, all of them permitted by the specification or seen in the wild."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.acceptance.proxy import Exchange

PARTS = ("dashboard_elements", "dashboard_filters", "dashboard_layouts")
FREE_FORM = ("vis_config", "ui_config", "filters", "filter_config")
Rewrite = Callable[[str, Any], Any]


def _deep(value: Any, change: Rewrite) -> Any:
    """Every field of every object changed; those that become ... go."""
    if isinstance(value, list):
        return [_deep(entry, change) for entry in value]
    if not isinstance(value, dict):
        return value
    changed = {name: change(name, entry) for name, entry in value.items()}
    return {
        name: entry if name in FREE_FORM else _deep(entry, change)
        for name, entry in changed.items()
        if entry is not ...
    }


def _answers(change: Rewrite) -> Callable[[Exchange], None]:
    def variant(exchange: Exchange) -> None:
        if exchange.status < 300:
            exchange.answer = _deep(exchange.answer, change)

    return variant


def _is_id(name: str, value: object) -> bool:
    return (name == "id" or name.endswith("_id")) and isinstance(value, str) and value.isdecimal()


ids_are_numbers = _answers(lambda name, value: int(value) if _is_id(name, value) else value)
nulls_are_left_out = _answers(lambda name, value: ... if value is None else value)
alerts_are_not_counted = _answers(lambda name, value: ... if name == "alert_count" else value)
moments_are_whole_seconds = _answers(
    lambda name, value: (
        re.sub(r"\.\d+Z$", "+00:00", value) if name.endswith("_at") and isinstance(value, str) else value
    )
)


def fields_are_ignored(exchange: Exchange) -> None:
    exchange.query.pop("fields", None)


def searches_show_no_parts(exchange: Exchange) -> None:
    if exchange.path.endswith("/search") and exchange.status == 200:
        for row in exchange.answer:
            for name in (*PARTS, "query", "folder"):
                row.pop(name, None)


def searches_take_one_id(exchange: Exchange) -> None:
    if exchange.path.endswith("/search") and "," in exchange.query.get("id", ""):
        exchange.status, exchange.answer = 200, []


def searches_hide_the_trash(exchange: Exchange) -> None:
    if exchange.path in ("/dashboards/search", "/looks/search"):
        exchange.query.setdefault("deleted", "false")


def pages_are_of_seven(exchange: Exchange) -> None:
    if exchange.path.endswith("/search"):
        exchange.query["limit"] = str(min(7, int(exchange.query.get("limit", "7"))))


def the_trash_is_not_read(exchange: Exchange) -> None:
    read = exchange.method == "GET" and re.fullmatch(r"/(dashboards|looks)/\d+", exchange.path)
    if read and exchange.status == 200 and exchange.answer.get("deleted"):
        exchange.refuse(404)


def the_trash_shows_no_parts(exchange: Exchange) -> None:
    if exchange.path.startswith("/dashboards") and exchange.status == 200:
        for row in exchange.answer if isinstance(exchange.answer, list) else [exchange.answer]:
            if row.get("deleted"):
                row.update({name: [] for name in PARTS})


def writes_answer_the_id_alone(exchange: Exchange) -> None:
    made = exchange.method in ("POST", "PATCH") and exchange.status < 300 and exchange.path != "/login"
    if made and isinstance(exchange.answer, dict) and "id" in exchange.answer:
        exchange.answer = {"id": exchange.answer["id"]}


def creates_answer_201(exchange: Exchange) -> None:
    if exchange.method == "POST" and exchange.status == 200 and exchange.path != "/login":
        exchange.status = 201


def deletes_answer_text(exchange: Exchange) -> None:
    if exchange.method == "DELETE" and exchange.status == 204:
        exchange.status, exchange.answer = 200, ""


def versions_are_unknown(exchange: Exchange) -> None:
    if exchange.path == "/versions":
        exchange.refuse(404)


def lists_come_in_another_order(exchange: Exchange) -> None:
    if exchange.status == 200 and isinstance(exchange.answer, dict):
        for name in PARTS:
            if isinstance(exchange.answer.get(name), list):
                exchange.answer[name].reverse()
    elif exchange.status == 200 and isinstance(exchange.answer, list):
        exchange.answer.reverse()


def listings_leave_one_out(exchange: Exchange) -> None:
    if exchange.path in ("/folders", "/lookml_models", "/groups") and isinstance(exchange.answer, list):
        del exchange.answer[-1:]


def roles_embed_their_sets(exchange: Exchange) -> None:
    if "/roles" in exchange.path and exchange.status == 200:
        for row in exchange.answer if isinstance(exchange.answer, list) else [exchange.answer]:
            row.pop("permission_set_id", None)
            row.pop("model_set_id", None)


def models_are_listed_without_explores(exchange: Exchange) -> None:
    if exchange.path == "/lookml_models" and exchange.status == 200:
        for row in exchange.answer:
            row.pop("explores", None)


_KNOWN = {"id", "slug", "title", "folder_id", "deleted", "user_id", "query_id"} | {"fields", "limit", "offset", "sorts"}
"""Those of the specification that a restore has reason to use."""


def unknown_parameters_are_refused(exchange: Exchange) -> None:
    if exchange.path in ("/dashboards/search", "/looks/search") and set(exchange.query) - _KNOWN:
        exchange.refuse(400, "unknown parameter")
