"""Simple objects in place of those that a backup refers to and lacks, so that each id leads
somewhere, as it did where the backup came from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lrestore.content.references import explore_uses, occurrences
from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES

_TARGETS = frozenset(
    {"user", "group", "role", "folder", "look", "query", "merge_query", "dashboard", "permission_set", "model_set"}
)
"""Types of which an absent object gets a stand-in."""
_OF_CONTENT: Mapping[str, str] = {"folder": "folder_id", "dashboard": "dashboard_id", "look": "look_id"}
"""Types whose access Looker keeps in a record of content metadata, and its field for their id."""
FIRST_OWN_ID = 900_000_000
"""Ids of records that exist only in the rehearsal: far above those of a backup."""
_ROOTS: Mapping[str, str] = {
    "is_shared_root": "Shared",
    "is_users_root": "Users",
    "is_embed_shared_root": "Embed Groups",
    "is_embed_users_root": "Embed Users",
}
"""Looker's own top folders, by the field that marks them."""


class StandIns:
    """Notes what the objects of a world refer to. ``made`` counts the stand-ins by type."""

    def __init__(self, first_id: int = FIRST_OWN_ID) -> None:
        self.made: Counter[str] = Counter()
        self.shared_root = "1"
        self.users_root = "2"
        self.flags: set[str] = set()
        """The objects that every Looker has and the backup holds, too."""
        self.admin_roles: set[str] = set()
        self.everyone = ""
        """The id of the group of all users."""
        self.permissions: set[str] = set()
        """The permissions that the backup knows: an administrator has them all."""
        self._present: set[tuple[str, str]] = set()
        self._needed: dict[tuple[str, str], JsonObject] = {}
        self._explores: dict[str, dict[str, None]] = {}
        self._models = False
        self._metadata: dict[str, str] = {}
        self._content: list[JsonObject] = []
        self._last_id = first_id

    def new_id(self) -> str:
        """An id that no object of a backup has."""
        self._last_id += 1
        return str(self._last_id)

    def free(self, type_name: str, key: str) -> str:
        """``key``, unless an object of the type has it or something refers to it as another object."""
        return self.new_id() if (type_name, key) in self._present else key

    def need(self, key: ItemKey, **known: Any) -> None:
        """The world needs this object; ``known`` are fields of it that something else shows."""
        self._needed.setdefault((key.type, key.id), known)

    def note(self, key: ItemKey, shown: JsonObject) -> None:
        """Take in an object of the world: it is there, and it needs others. Completes its content metadata."""
        self._present.add((key.type, key.id))
        self.note_facts(key.type, shown)
        _NOTES.get(key.type, _nothing)(self, shown)
        if key.type in _OF_CONTENT:
            self._note_content(key.type, shown)
        for reference in CONTENT_TYPES[key.type].references:
            if reference.target in _TARGETS:
                for named in occurrences(shown, reference.path):
                    self.need(ItemKey(reference.target, named.value))

    def note_facts(self, type_name: str, shown: JsonObject) -> None:
        """Note what does not come from a restore: the LookML that an object uses, and permissions."""
        if type_name == "permission_set":
            self.permissions.update(map(str, shown.get("permissions") or ()))
        for use in explore_uses(type_name, shown):
            self._explores.setdefault(use.model, {})[use.explore] = None

    def note_model(self) -> None:
        """The backup holds LookML models: a model that it lacks was absent there, too."""
        self._models = True

    def note_query(self, query: object) -> None:
        """A query that is shown whole needs no stand-in."""
        if isinstance(query, dict) and query.get("id") is not None:
            self._present.add(("query", str(query["id"])))

    def note_role(self, role: JsonObject) -> None:
        """Note the sets that a role shows, and whether it gives all rights."""
        for name in ("permission_set", "model_set"):
            shown = role.get(name)
            if isinstance(shown, dict) and shown.get("id") is not None:
                self._present.add((name, str(shown["id"])))
                role[f"{name}_id"] = str(shown["id"])
        if (role.get("permission_set") or {}).get("all_access"):
            self.admin_roles.add(str(role["id"]))

    def note_user(self, user: JsonObject) -> None:
        """Note the personal folder of a user, and whether the user can be the caller."""
        own = user.get("personal_folder_id")
        if own is not None:
            self.need(ItemKey("folder", str(own)), name=user.get("display_name"), is_personal=True)
        if not user.get("is_disabled") and self.admin_roles & set(map(str, user.get("role_ids") or ())):
            self.flags.add("admin")

    def note_folder(self, folder: JsonObject) -> None:
        """Note Looker's own folders."""
        key = str(folder["id"])
        if key == "lookml":
            self.flags.add("lookml")
        self.flags.update(flag for flag in _ROOTS if folder.get(flag))
        if folder.get("is_shared_root"):
            self.shared_root = key
        if folder.get("is_users_root"):
            self.users_root = key

    def _note_content(self, type_name: str, shown: JsonObject) -> None:
        metadata = shown["content_metadata_id"] = str(shown.get("content_metadata_id") or self.new_id())
        holder = shown.get("parent_id") or shown.get("folder_id")
        if type_name == "folder":
            self._metadata[str(shown["id"])] = metadata
        row = {"id": metadata, "name": shown.get("name") or shown.get("title"), "content_type": type_name}
        self._content.append({**row, _OF_CONTENT[type_name]: str(shown["id"]), "holder": holder and str(holder)})

    def lines(self) -> Iterator[JsonObject]:
        """The objects that the world lacks, then the content metadata of everything, as lines of a world file."""
        for type_name, shown in _built_ins(self):
            self.note(ItemKey(type_name, str(shown["id"])), shown)
            yield {"type": type_name, "object": shown}
        yield from self._model_lines()
        for (type_name, key), known in self._needed.items():
            if (type_name, key) not in self._present:
                yield {"type": type_name, "object": self._stand_in(type_name, key, known)}
        yield from self._metadata_lines()

    def _stand_in(self, type_name: str, key: str, known: JsonObject) -> JsonObject:
        shown: JsonObject = {"id": key, **_MADE[type_name](self, key, known)}
        shown |= {name: value for name, value in known.items() if value is not None}
        self.made[type_name] += 1
        if type_name in _OF_CONTENT:
            self._note_content(type_name, shown)
        return shown

    def _model_lines(self) -> Iterator[JsonObject]:
        for model, explores in self._explores.items() if not self._models else ():
            self.made["lookml_model"] += 1
            shown = [{"name": explore, "label": explore, "hidden": False} for explore in explores if explore]
            own = {"name": model, "label": model, "project_name": model, "has_content": True}
            yield {"type": "lookml_model", "object": {**own, "explores": shown}}

    def _metadata_lines(self) -> Iterator[JsonObject]:
        can = {"show": True, "update": True}
        for row in self._content:
            above = self._metadata.get(row.pop("holder") or "")
            inherits = {"inherits": above is not None, "inheriting_id": above, "parent_id": above}
            yield {"type": "content_metadata", "object": {**row, **inherits, "can": can}}
        # Looker's default: all users manage the Shared folder, and all folders below inherit that.
        granted = {"content_metadata_id": self._metadata[self.shared_root], "group_id": self.everyone}
        shown = {"id": self.new_id(), "permission_type": "edit", "can": {"show": True}, **granted}
        yield {"type": "content_metadata_access", "object": shown}


def _nothing(stand_ins: StandIns, shown: JsonObject) -> None:
    return None


def _note_tiles(stand_ins: StandIns, dashboard: JsonObject) -> None:
    """Queries and looks that tiles show whole; a look also names its query."""
    for tile in dashboard.get("dashboard_elements") or ():
        stand_ins.note_query(tile.get("query"))
        stand_ins.note_query((tile.get("result_maker") or {}).get("query"))
        look = tile.get("look")
        if tile.get("merge_result_id") is not None:
            _note_merge(stand_ins, str(tile["merge_result_id"]), tile.get("result_maker") or {})
        if isinstance(look, dict) and look.get("id") is not None:
            stand_ins.note_query(look.get("query"))
            kept = {name: look[name] for name in ("title", "query_id", "slug") if look.get(name) is not None}
            stand_ins.need(ItemKey("look", str(look["id"])), **kept)


def _note_merge(stand_ins: StandIns, key: str, maker: JsonObject) -> None:
    """A merged query: its tile shows how it looks, and the models and explores of its sources."""
    sources = []
    for shown in maker.get("filterables") or ():
        query = stand_ins.new_id()
        stand_ins.need(ItemKey("query", query), model=shown.get("model"), view=shown.get("view"))
        sources.append({"query_id": query, "name": shown.get("name"), "merge_fields": []})
    known = {name: maker.get(name) for name in ("vis_config", "sorts", "total", "dynamic_fields")}
    stand_ins.need(ItemKey("merge_query", key), result_maker_id=maker.get("id"), source_queries=sources, **known)


def _note_look(stand_ins: StandIns, look: JsonObject) -> None:
    stand_ins.note_query(look.get("query"))
    if look.get("query_id") is not None:
        model = look.get("model")
        known = {"model": model.get("id")} if isinstance(model, dict) else {}
        stand_ins.need(ItemKey("query", str(look["query_id"])), **known)


def _note_group(stand_ins: StandIns, group: JsonObject) -> None:
    if group.get("include_by_default"):
        stand_ins.everyone = str(group["id"])


_NOTES: Mapping[str, Callable[[StandIns, JsonObject], None]] = {
    "lookml_model": lambda stand_ins, model: stand_ins.note_model(),
    "role": StandIns.note_role,
    "group": _note_group,
    "folder": StandIns.note_folder,
    "user": StandIns.note_user,
    "look": _note_look,
    "dashboard": _note_tiles,
}


_MADE: Mapping[str, Callable[[StandIns, str, JsonObject], JsonObject]] = {
    "user": lambda stand_ins, key, known: {"display_name": f"User {key}", "first_name": "User", "last_name": key},
    "group": lambda stand_ins, key, known: {"name": f"Group {key}"},
    "role": lambda stand_ins, key, known: {"name": f"Role {key}"},
    "permission_set": lambda stand_ins, key, known: {"name": f"Permission set {key}", "permissions": []},
    "model_set": lambda stand_ins, key, known: {"name": f"Model set {key}", "models": []},
    "folder": lambda stand_ins, key, known: {
        "name": f"Folder {key}",
        "parent_id": stand_ins.users_root if known.get("is_personal") else stand_ins.shared_root,
    },
    "look": lambda stand_ins, key, known: {"title": f"Look {key}", "folder_id": stand_ins.shared_root},
    "merge_query": lambda stand_ins, key, known: {"source_queries": []},
    "query": lambda stand_ins, key, known: {"slug": f"rehearsal{key}", "view": "unknown", "fields": []},
    "dashboard": lambda stand_ins, key, known: {"title": f"Dashboard {key}", "folder_id": stand_ins.shared_root},
}
"""The fields of a stand-in, from its id and what is known of it."""


def _built_ins(stand_ins: StandIns) -> Iterator[tuple[str, JsonObject]]:
    """Objects that every Looker has and the backup lacks: its own folders, the group of all users, an administrator."""
    for number, (flag, name) in enumerate(_ROOTS.items(), start=1):
        if flag not in stand_ins.flags:
            yield "folder", {"id": stand_ins.free("folder", str(number)), "name": name, flag: True}
    if "lookml" not in stand_ins.flags:
        yield "folder", {"id": "lookml", "name": "LookML Dashboards"}
    if not stand_ins.everyone:
        yield "group", {"id": stand_ins.free("group", "1"), "name": "All Users", "include_by_default": True}
    if not stand_ins.admin_roles:
        own = {"built_in": True, "all_access": True}
        rights = sorted(stand_ins.permissions)
        permissions = {"id": stand_ins.new_id(), "name": "Admin", "permissions": rights, **own}
        models = {"id": stand_ins.new_id(), "name": "All", "models": [], **own}
        yield "role", {"id": stand_ins.new_id(), "name": "Admin", "permission_set": permissions, "model_set": models}
    if "admin" not in stand_ins.flags:
        names = {"first_name": "Rehearsal", "last_name": "Admin", "display_name": "Rehearsal Admin"}
        yield "user", {"id": stand_ins.new_id(), **names, "role_ids": [min(stand_ins.admin_roles)]}
