"""Data that only some instances have: users with every kind of login, links between contents, boards and plans of all
kinds.

It is added to a generated world after its content, so that worlds without it do not change.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

from lrestore.simulator.api.boards import ITEM, SECTION
from lrestore.simulator.core import schema
from lrestore.simulator.core.store import Record, World
from lrestore.simulator.core.views import SCHEMA_OF, html

_NO_TARGET = dict.fromkeys(("dashboard_id", "look_id", "lookml_dashboard_id"))
_LOGINS = ("saml", "ldap", "google", "oidc")


def enrich(world: World) -> None:
    """Change and add records. Every third user has an external login, every third text links to other content."""
    _logins(world)
    _links(world)
    _boards(world)
    _plans(world)


def _put(world: World, kind: str, **values: Any) -> Record:
    record = {**schema.blank(SCHEMA_OF[kind]), **values, "id": world.new_id(kind)}
    record.update({stamp: world.now() for stamp in ("created_at", "updated_at") if stamp in record})
    return world.table(kind).put(record)


def _logins(world: World) -> None:
    """Logins from a directory, with an e-mail login beside them or without; embed users without any e-mail address."""
    for number, user in enumerate(list(world.table("user"))[1:]):
        if number % 6 == 2:
            kind = _LOGINS[number // 6 % len(_LOGINS)]
            name = {"saml": "Saml", "ldap": "LDAP", "google": "Google", "oidc": "OIDC"}[kind]
            user[f"credentials_{kind}"] = {**schema.blank(f"Credentials{name}"), "email": user["email"], "type": kind}
        elif number % 6 == 5:
            external = {"external_user_id": f"portal-{number}", "external_group_id": None, "type": "embed"}
            user["credentials_embed"] = [{**schema.blank("CredentialsEmbed"), **external}]
            world.table("user").change(user["id"], {"email": None, "credentials_email": None})


def _links(world: World) -> None:
    """Each dashboard links to the next one, the last to the first, by ids, slugs and whole addresses."""
    dashboards = [one for one in world.table("dashboard") if not one["deleted"]]
    looks = list(world.table("look"))
    places = itertools.cycle(("id", "id", "slug"))
    for number, dashboard in enumerate(dashboards):
        following = dashboards[(number + 1) % len(dashboards)]
        look = looks[number % len(looks)] if looks else None
        for tile in world.table("dashboard_element").where("dashboard_id", dashboard["id"]):
            _link(tile, following, look, places)


def _link(tile: Record, following: Record, look: Record | None, places: Iterator[str]) -> None:
    if tile["type"] == "text" and not tile["rich_content_json"]:
        place = following[next(places)]
        text = f"See [the next one](/dashboards/{place}?Region=EMEA#top)"
        text += f" and [its source](/looks/{look['id']})." if look else "."
        tile.update(body_text=text, body_text_as_html=html(text))
    elif tile["type"] == "text":
        target = f"/dashboards/{following['id']}"
        text = json.dumps([{"type": "a", "id": 1, "url": target, "children": [{"text": "more"}]}])
        tile.update(body_text=text, rich_content_json=text, body_text_as_html=html(text))
    elif tile["type"] == "button":
        button = json.loads(tile["rich_content_json"])
        tile["rich_content_json"] = json.dumps({**button, "href": f"/dashboards/{following['id']}"})


def _boards(world: World) -> None:
    """A second section before the first, and an item with a free URL."""
    dashboards = [one for one in world.table("dashboard") if not one["deleted"]]
    for number, board in enumerate(world.table("board")):
        section = _put(world, "board_section", title="Elsewhere", board_id=board["id"], **SECTION.defaults)
        board["section_order"] = [section["id"], *(board["section_order"] or ())]
        own = {"board_section_id": section["id"], "custom_title": "Handbook", "use_custom_title": True}
        address = {"custom_url": "https://handbook.example.com/looker", "use_custom_url": True}
        items = [_put(world, "board_item", **own, **address, **ITEM.defaults)]
        if dashboards:
            pinned = dashboards[number % len(dashboards)]
            shown = {"title": pinned["title"], "url": f"/dashboards/{pinned['id']}", **ITEM.defaults}
            items.append(_put(world, "board_item", board_section_id=section["id"], dashboard_id=pinned["id"], **shown))
        section["item_order"] = section["visible_item_order"] = [item["id"] for item in reversed(items)]


def _plans(world: World) -> None:
    """Plans of many kinds: disabled, with filters, an own address, two destinations, a webhook; of a query."""
    queries = [str(look["query_id"]) for look in world.table("look")]
    for number, plan in enumerate(world.table("scheduled_plan")):
        content = plan["dashboard_id"] or plan["look_id"]
        if number % 4 == 1:
            plan["enabled"] = False
        elif number % 4 == 2:
            plan.update(filters_string="?Region=EMEA&Country=", include_links=True)
            word = "dashboards" if plan["dashboard_id"] else "looks"
            plan.update(show_custom_url=True, custom_url_base="https://bi.example.com", custom_url_label="Open it")
            plan["custom_url_params"] = json.dumps({"path": f"/{word}/{content}"})
        elif number % 4 == 3:
            own = {"id": world.new_id("scheduled_plan_destination"), "scheduled_plan_id": plan["id"]}
            hook = {"type": "webhook", "format": "json_detail", "address": "https://hooks.example.com/in"}
            plan["scheduled_plan_destination"].append({**schema.blank("ScheduledPlanDestination"), **hook, **own})
        if queries and number % 8 == 7:
            query_id = queries[number % len(queries)]
            world.table("scheduled_plan").change(plan["id"], {**_NO_TARGET, "query_id": query_id})
