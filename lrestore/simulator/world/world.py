"""Generated worlds for the demo, tests and benchmarks: equal seeds and sizes give equal worlds."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lrestore.json_types import JsonObject
from lrestore.simulator.api.access import add_metadata
from lrestore.simulator.api.boards import ITEM, SECTION
from lrestore.simulator.api.folders import CAN as FOLDER_CAN
from lrestore.simulator.api.folders import add_personal_folder
from lrestore.simulator.api.groups import GROUP_CAN, SET_CAN
from lrestore.simulator.api.people import USER_CAN, display_name
from lrestore.simulator.core import schema
from lrestore.simulator.core.store import INDEXES, Record, World
from lrestore.simulator.core.views import SCHEMA_OF
from lrestore.simulator.world import vocabulary
from lrestore.simulator.world.content import ContentMaker
from lrestore.simulator.world.everything import enrich

BEGINNING = datetime(2023, 1, 9, 8, 0, tzinfo=UTC)
"""When the first object of a generated world was created."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """The number of objects per type. ``tiles`` and ``filters`` are of an average dashboard.

    The first dashboard always has 20 tiles of all kinds and 6 filters. Every ``tabbed``-th dashboard has tabs, every
    ``trashed``-th is in the trash.
    """

    users: int = 8
    groups: int = 4
    folders: int = 9
    depth: int = 3
    looks: int = 12
    dashboards: int = 12
    tiles: int = 8
    filters: int = 3
    boards: int = 2
    plans: int = 4
    alerts: int = 3
    tabbed: int = 4
    trashed: int = 9
    everything: bool = False
    """Whether to add data that only some instances have: see :mod:`lrestore.simulator.world.everything`."""


SMALL = Sizes()


def make_world(sizes: Sizes = SMALL, *, seed: int = 1) -> World:
    """A world of these sizes. Afterwards its clock is the real one."""
    maker = _Maker(sizes, seed)
    maker.make()
    maker.world.moment = lambda: datetime.now(UTC)
    return maker.world


def empty_world(*, first_id: int = 5000, seed: int = 9) -> World:
    """An empty instance: Looker's own objects, one admin, and the same LookML. Ids of new objects begin at
    ``first_id``, so that they differ from those of other instances.
    """
    maker = _Maker(Sizes(users=1, groups=0, folders=0, looks=0, dashboards=0, boards=0, plans=0, alerts=0), seed)
    maker.make_empty()
    for kind in (*INDEXES, "scheduled_plan_destination", "result_maker"):
        maker.world.note_id(kind, str(first_id - 1))
    maker.world.moment = lambda: datetime.now(UTC)
    return maker.world


class _Maker:
    """Builds a world type by type, each after the types that it refers to."""

    def __init__(self, sizes: Sizes, seed: int) -> None:
        self.sizes = sizes
        self.random = random.Random(seed)  # noqa: S311 (repeatable, not a secret)
        self._moment = BEGINNING + timedelta(days=seed % 365)
        self.world = World(self._tick)

    def _tick(self) -> datetime:
        """The clock advances a little with every read."""
        self._moment += timedelta(seconds=self.random.randint(30, 5400), milliseconds=self.random.randint(0, 999))
        return self._moment

    def make(self) -> None:
        """Build all types."""
        self._models()
        self._roots()
        self._access()
        self._users()
        self._groups()
        folders = self._folders()
        content = ContentMaker(self.world, self.random, folders)
        looks = [content.look(number) for number in range(self.sizes.looks)]
        for number in range(self.sizes.dashboards):
            content.dashboard(number, self.sizes)
        self._alerts()
        self._boards(looks)
        self._plans(looks)
        if self.sizes.everything:
            enrich(self.world)

    def make_empty(self) -> None:
        """The built-in objects of every Looker, and one user."""
        self._models()
        self._roots()
        self._built_in_access()
        self._users()

    def put(self, kind: str, **values: Any) -> Record:
        """Store a new record with an id and dates."""
        name = SCHEMA_OF[kind]
        record = {**schema.blank(name), **values}
        if "id" in record and not values.get("id"):
            record["id"] = self.world.new_id(kind)
        for stamp in ("created_at", "updated_at"):
            if stamp in record:
                record[stamp] = self.world.now()
        return self.world.table(kind).put(record)

    def _models(self) -> None:
        for name, explores in vocabulary.MODELS.items():
            label = name.title()
            shown = [
                {"name": e, "description": f"All about {e}", "label": e.title(), "hidden": False, "group_label": label}
                for e in explores
            ]
            own = {"project_name": name, "label": label, "has_content": True, "explores": shown}
            connections = ["warehouse"]
            self.put("lookml_model", name=name, can={"show": True}, allowed_db_connection_names=connections, **own)

    def _roots(self) -> None:
        flags = ("is_shared_root", "is_users_root", "is_embed_shared_root", "is_embed_users_root")
        for name, flag in zip(("Shared", "Users", "Embed Groups", "Embed Users"), flags, strict=True):
            can = {**FOLDER_CAN, "update": False, "destroy": False}
            root = self.put("folder", name=name, can=can, is_embed="embed" in flag, **{flag: True})
            root["created_at"] = None
            add_metadata(self.world, "folder", root)
        lookml = self.put("folder", id="lookml", name="LookML Dashboards", can=FOLDER_CAN)
        add_metadata(self.world, "folder", lookml)

    def _built_in_access(self) -> None:
        built_in = {"built_in": True, "all_access": True, "can": {**SET_CAN, "update": False}}
        self.put("permission_set", name="Admin", permissions=list(vocabulary.ALL_PERMISSIONS), **built_in)
        self.put("model_set", name="All", models=sorted(vocabulary.MODELS), **built_in)
        self._role("Admin", "1", "1")

    def _access(self) -> None:
        self._built_in_access()
        for name, permissions in vocabulary.PERMISSIONS.items():
            self.put("permission_set", name=name, permissions=list(permissions), can=SET_CAN)
        for name in sorted(vocabulary.MODELS)[:2]:
            self.put("model_set", name=f"{name.title()} models", models=[name], can=SET_CAN)
        for number, name in enumerate(vocabulary.PERMISSIONS, start=2):
            self._role(name, str(number), str(1 + number % 3))

    def _role(self, name: str, permission_set_id: str, model_set_id: str) -> None:
        role = self.put("role", name=name, permission_set_id=permission_set_id, model_set_id=model_set_id, can=SET_CAN)
        role["url"] = f"{self.world.base_url}/api/4.0/roles/{role['id']}"
        role["users_url"] = f"{role['url']}/users"

    def _users(self) -> None:
        firsts, lasts = vocabulary.FIRST_NAMES, vocabulary.LAST_NAMES
        everyone = {"include_by_default": True, "can": {**GROUP_CAN, "delete": False}}
        group = self.put("group", name="All Users", can_add_to_content_metadata=True, **everyone)
        # Looker's default: all users manage the Shared folder, and all folders below inherit that.
        shared = {"content_metadata_id": self.world.table("folder").records["1"]["content_metadata_id"]}
        granted = {"permission_type": "edit", "group_id": group["id"], "user_id": None, "can": {"show": True}}
        self.put("content_metadata_access", **shared, **granted)
        for number in range(self.sizes.users):
            first, last = firsts[number % len(firsts)], lasts[(number * 7) % len(lasts)]
            self._user(first, last, number)

    def _user(self, first: str, last: str, number: int) -> None:
        more: JsonObject = {"credentials_api3": [], "credentials_embed": [], "sessions": [], "looker_versions": []}
        allowed = ("allow_direct_roles", "allow_normal_group_membership", "allow_roles_from_normal_groups")
        more.update(dict.fromkeys(allowed, True), models_dir_validated=False, locale="en", home_folder_id="1")
        user = self.put("user", first_name=first, last_name=last, can=USER_CAN, is_disabled=number % 7 == 6, **more)
        base = f"{self.world.base_url}/api/4.0/users/{user['id']}"
        email = f"{first}.{last}{number or ''}@example.com".lower()
        own = {"can": {"show_password_reset_url": True}, "email": email, "user_id": user["id"], "type": "email"}
        dated = {"created_at": self.world.now(), "url": f"{base}/credentials_email", "user_url": base}
        entry = {**schema.blank("CredentialsEmail"), **own, **dated}
        values = {"display_name": display_name(user), "email": email, "credentials_email": entry, "url": base}
        self.world.table("user").change(user["id"], values)
        add_personal_folder(self.world, user)
        self.world.edges["role_user"].add("1" if number == 0 else str(2 + number % 3), user["id"])

    def _groups(self) -> None:
        users = [user["id"] for user in self.world.table("user")]
        before = None
        for number in range(self.sizes.groups):
            name = vocabulary.GROUPS[number % len(vocabulary.GROUPS)] + ("" if number < 7 else f" {number}")
            group = self.put("group", name=name, can_add_to_content_metadata=True, can=GROUP_CAN)
            for user_id in self.random.sample(users, min(3, len(users))):
                self.world.edges["group_user"].add(group["id"], user_id)
            self.world.edges["role_group"].add(str(2 + number % 3), group["id"])
            if before is not None and number % 3 == 1:
                self.world.edges["group_group"].add(before["id"], group["id"])
            before = group

    def _folders(self) -> list[Record]:
        levels: list[list[Record]] = [[self.world.table("folder").records["1"]]]
        made: list[Record] = []
        for number in range(self.sizes.folders):
            level = min(number * self.sizes.depth // max(1, self.sizes.folders), len(levels) - 1)
            parent = levels[level][number % len(levels[level])]
            name = vocabulary.FOLDERS[number % len(vocabulary.FOLDERS)]
            name += "" if number < len(vocabulary.FOLDERS) else f" {number}"
            folder = self.put("folder", name=name, parent_id=parent["id"], creator_id="1", can=FOLDER_CAN)
            add_metadata(self.world, "folder", folder)
            made.append(folder)
            if level + 1 == len(levels):
                levels.append([])
            levels[level + 1].append(folder)
        personal = [self.world.get("folder", user["personal_folder_id"]) for user in self.world.table("user")]
        return made + [folder for folder in personal[:2] if folder is not None]

    def _alerts(self) -> None:
        tiles = [t for t in self.world.table("dashboard_element") if t["query_id"]]
        for number, tile in enumerate(tiles[:: max(1, len(tiles) // max(1, self.sizes.alerts))][: self.sizes.alerts]):
            query = self.world.table("query").records[tile["query_id"]]
            field = {"title": "Count", "name": query["fields"][-1], "filter": []}
            destination = {**schema.blank("AlertDestination"), "destination_type": "EMAIL"}
            destination["email_address"] = f"oncall{number}@example.com"
            condition = {"comparison_type": "LESS_THAN", "threshold": 100.0, "cron": "0 */6 * * *", "is_public": True}
            own = {"dashboard_element_id": tile["id"], "owner_id": "1", "field": field, "destinations": [destination]}
            self.put("alert", custom_title=f"{tile['title']} fell", applied_dashboard_filters=[], **condition, **own)

    def _boards(self, looks: Sequence[Record]) -> None:
        dashboards = [d for d in self.world.table("dashboard") if not d["deleted"]]
        for number in range(self.sizes.boards):
            title = f"{vocabulary.TOPICS[number % len(vocabulary.TOPICS)]} home"
            board = self.put("board", title=title, description="Where to begin", user_id="1", can={"show": True})
            add_metadata(self.world, "board", board)
            section = self.put("board_section", title="Start here", board_id=board["id"], **SECTION.defaults)
            board["section_order"] = [section["id"]]
            pinned = dashboards[number :: self.sizes.boards][:3]
            items = [self._item(section, dashboard, "dashboard_id") for dashboard in pinned]
            items += [self._item(section, look, "look_id") for look in looks[number : number + 1]]
            section["item_order"] = section["visible_item_order"] = [item["id"] for item in items]

    def _item(self, section: Record, content: Record, field: str) -> Record:
        word = "dashboards" if field == "dashboard_id" else "looks"
        shown = {"title": content["title"], "url": f"/{word}/{content['id']}", **ITEM.defaults}
        own = {"board_section_id": section["id"], "content_metadata_id": content["content_metadata_id"]}
        return self.put("board_item", **{field: content["id"]}, **shown, **own)

    def _plans(self, looks: Sequence[Record]) -> None:
        dashboards = [d for d in self.world.table("dashboard") if not d["deleted"]]
        targets: list[tuple[str, Record]] = [("dashboard_id", d) for d in dashboards] + [("look_id", x) for x in looks]
        for number in range(min(self.sizes.plans, len(targets))):
            field, content = targets[number * 5 % len(targets)]
            plan = self.put("scheduled_plan", name=f"{content['title']} by mail", user_id="1", crontab="0 7 * * 1")
            own = {"id": self.world.new_id("scheduled_plan_destination"), "scheduled_plan_id": plan["id"]}
            mail = {"type": "email", "format": "wysiwyg_pdf", "address": f"reader{number}@example.com", "message": ""}
            destination = {**schema.blank("ScheduledPlanDestination"), **mail, **own}
            values = {field: content["id"], "title": content["title"], "enabled": True, "timezone": "UTC"}
            values.update(scheduled_plan_destination=[destination], can={"show": True, "update": True})
            self.world.table("scheduled_plan").change(plan["id"], values)
