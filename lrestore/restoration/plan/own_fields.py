"""Plans an object's own fields: the wanted values with references translated, and the differences from
the live ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lrestore.content.canonical import required_texts
from lrestore.content.diff import differing
from lrestore.content.identity import same_origin
from lrestore.content.payload import create_body, wanted_object, wanted_part
from lrestore.content.references import embedded_id, with_embedded_ids
from lrestore.errors import DependencyError, NotRestorableError
from lrestore.json_types import JsonObject
from lrestore.looker.read.live import LISTED
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES, fields
from lrestore.ontology.nulls import NO_TEXT
from lrestore.ontology.schema import ContentType
from lrestore.restoration.context import Context
from lrestore.restoration.deferrals import Deferred
from lrestore.restoration.identify.absence import LookmlLink
from lrestore.restoration.identify.recorded_queries import mapped_query
from lrestore.restoration.identify.resolve import home, presumed, resolve, user_there
from lrestore.restoration.plan.queries import QueryMaker, Rewrite, as_it_is, check_query
from lrestore.restoration.writes import Unmet, Write

if TYPE_CHECKING:
    from lrestore.content.shapes.query import Query

Adjust = Callable[["OwnPlanner", JsonObject], None]
"""Adjusts the wanted own fields for one type: changes the second argument."""


_OWNER_HINT = "restore the user first, or name another owner with [run] fallback_owner"


class OwnPlanner:
    """Plans the own fields of one object. ``live`` is None if it is to be created. Warnings go into ``warnings``."""

    def __init__(
        self, context: Context, key: ItemKey, raw: JsonObject, live: JsonObject | None, deferred: Deferred
    ) -> None:
        self.context = context
        self.key = key
        self.raw = raw
        self.live = live
        self.deferred = deferred
        self._entry: ContentType = CONTENT_TYPES[key.type]
        self.warnings: list[str] = []
        self.unmet: list[Unmet] = []
        """References that the object is restored without."""
        self.before: list[Write] = []
        """Queries to create first."""
        self.rewrite: Rewrite = as_it_is
        """Gives the links in a value the ids of the destination."""

    def body(self, adjust: Adjust | None = None) -> JsonObject:
        """The fields to send: all that are set for a new object, those that differ for a live one.

        Raises DependencyError for a hard reference that leads nowhere.
        """
        schema = self._entry.update_schema
        if not schema:
            return {}
        if self.context.policy.literal:
            wanted = self._copied(schema)
        else:
            wanted = wanted_object(self.raw, schema, self.context.destination.releases, ignored=self._entry.ignored)
            self._never_unset(wanted)
            self._no_text(wanted)
            self._derive(wanted)
            self._out_of_the_trash(wanted)
        self._translate(wanted)
        if adjust is not None:
            adjust(self, wanted)
        if self.live is None:
            return {name: value for name, value in create_body(wanted).items() if name != "deleted"}
        return differing(wanted, self._seen(), fields.sdk_model(self._entry.model))

    def _copied(self, schema: str) -> JsonObject:
        """The fields that a copy of a live object shows. The object goes back into the trash in the second pass, when
        the objects that show it are restored.
        """
        wanted = wanted_part(self.raw, schema, self.context.destination.releases, ignored=self._entry.ignored)
        for name in fields.writable(schema) - wanted.keys() - set(self._entry.ignored):
            # Although it is not documented that null may be sent: it was null before the session set it.
            was_null = name in self.raw and self.raw[name] is None and (self.live or {}).get(name) is not None
            if was_null and self.context.destination.releases.can_write(schema, name):
                wanted[name] = None
        self._derive(wanted)
        undone = self.context.backup.undone
        action = undone.action(self.key) if undone is not None else "restore"
        if action not in ("restore", "rename"):
            wanted.pop(self._entry.title_field, None)
        back = action == "restore" and wanted.get("deleted") and self.live is not None and not self.live.get("deleted")
        if back and self.deferred.defer_if_in_run(self.key):
            del wanted["deleted"]
        return wanted

    def _seen(self) -> JsonObject:
        """The live object, with the ids that Looker shows only inside embedded objects (role: write-only ids)."""
        return with_embedded_ids(self.live or {}, self._entry.embedded_ids)

    def _never_unset(self, wanted: JsonObject) -> None:
        """Leave out a null name, folder or owner: the backup lacks it, the object had one."""
        lasting = {*self._entry.natural_key, *self._entry.create_needs}
        lasting |= {reference.path for reference in self._entry.references if reference.target in CONTENT_TYPES}
        for name in lasting | {"query_id"}:
            if name in wanted and wanted[name] is None:
                del wanted[name]

    def _no_text(self, wanted: JsonObject) -> None:
        """Leave out a required text ``None`` of an existing object: it most likely represents null."""
        for name in sorted(required_texts(fields.sdk_model(self._entry.model)) & wanted.keys()):
            if wanted[name] != NO_TEXT:
                continue
            live_text = (self.live or {}).get(name)
            if self.live is None:
                self.warnings.append(
                    f"created with the {name} {NO_TEXT!r}, which in a backup may also stand for no {name}"
                )
            elif live_text != NO_TEXT:
                del wanted[name]
                if live_text is not None:
                    self.warnings.append(
                        f"the {name} in the backup, {NO_TEXT!r}, may stand for no {name}: "
                        f"keeping the live {name} {live_text!r}"
                    )

    def _derive(self, wanted: JsonObject) -> None:
        for name in self._entry.embedded_ids:
            if wanted.get(name) is None:
                wanted[name] = embedded_id(self.raw, name)

    def _out_of_the_trash(self, wanted: JsonObject) -> None:
        if self._entry.trash and self.live is not None and wanted.get("deleted") is None:
            wanted["deleted"] = False

    def _translate(self, wanted: JsonObject) -> None:
        for reference in self._entry.references:
            name = reference.path
            if name not in wanted or wanted[name] is None:
                continue
            if reference.target == "user" and reference.kind == "soft":
                self._owner(wanted, name)
            elif reference.target == "lookml_dashboard" and reference.kind == "soft":
                self._link_to_lookml(wanted, name)
            elif reference.target == "query":
                self._query(wanted, name)
            elif reference.target in CONTENT_TYPES and reference.kind in ("hard", "parent"):
                wanted[name] = self._hard(reference.target, str(wanted[name]), name)

    def _hard(self, target: str, source_id: str, path: str) -> str:
        named = (self.live or {}).get(path)
        if target == "folder" and not self.context.policy.literal:
            return self._folder(path, None if named is None else str(named))
        if named is not None and target not in LISTED and presumed(self.context, target, source_id) == str(named):
            return str(named)
        try:
            return resolve(self.context, target, source_id, path=path, key=self.key)
        except DependencyError:
            namesake = self._shown_by_name(target, path)
            if namesake is not None:
                return namesake
            if named is not None and self.context.policy.literal:
                return self._stays(target, source_id, path, str(named))
            raise

    def _stays(self, target: str, source_id: str, path: str, named: str) -> str:
        """A copy may refer to an object that no longer exists: that value cannot be restored."""
        self.warnings.append(f"its {path} was {target} {source_id}, which is not in the destination: it stays {named}")
        return named

    def _folder(self, path: str, named: str | None) -> str:
        """The folder of the object. A live one stays where it is rather than going to the fallback folder.

        Raises DependencyError where there is neither: the object is left as it is until its folder is restored.
        """
        found = home(self.context, self.key, self.raw, path)
        if not found.instead:
            return found.id
        if named not in (None, found.id) and self.context.destination.live.exists("folder", named):
            self.warnings.append(f"{found.instead.partition(';')[0]}; it stays in folder {named}")
            return named
        self.warnings.append(found.instead)
        return found.id

    def _shown_by_name(self, target: str, path: str) -> str | None:
        """A role contains its sets as objects: sets that no backup holds, mainly built-in ones, are found by name."""
        if path not in self._entry.embedded_ids:
            return None
        name = (self.raw.get(path.removesuffix("_id")) or {}).get("name")
        found = self.context.destination.live.find(target, {"name": str(name)}) if name else []
        return str(found[0]["id"]) if len(found) == 1 else None

    def _owner(self, wanted: JsonObject, name: str) -> None:
        """Replace a missing owner by fallback_owner. Without one, report it; the caller then becomes the owner."""
        source_id = str(wanted[name])
        live_owner = str((self.live or {}).get(name) or "")
        target = presumed(self.context, "user", source_id)
        known = target is not None and target in (live_owner, self.context.destination.caller_id)
        found = target if known else user_there(self.context, source_id)
        if found is not None:
            wanted[name] = found
            return
        fallback = self.context.policy.fallback_owner
        if fallback:
            wanted[name] = fallback
            self.warnings.append(f"owner user {source_id} does not exist there; using fallback_owner {fallback}")
            return
        del wanted[name]
        becomes = (
            f"stays user {live_owner}"
            if live_owner
            else f"becomes the caller, user {self.context.destination.caller_id}"
        )
        why = f"user={source_id} is not in the destination; the owner {becomes}"
        self.unmet.append(Unmet("its owner", why, name, _OWNER_HINT))

    def _link_to_lookml(self, wanted: JsonObject, name: str) -> None:
        linked = LookmlLink(self.context.destination.live, self.key, name)
        linked.keep_if_there(wanted, self.live)
        self.warnings += linked.warnings
        self.unmet += linked.unmet

    def _query(self, wanted: JsonObject, name: str) -> None:
        """In the same instance the id; in another one an equal query, or one to create."""
        try:
            self._find_query(wanted, name)
        except DependencyError as error:
            if self.live is None or self.live.get(name) is None:
                message = f"{self.key} needs a query that is not available: {error.message} ({error.path})"
                raise DependencyError(message, hint=error.hint, path=error.path, key=self.key) from None
            del wanted[name]
            self.unmet.append(Unmet("its query", error.message, error.path or name, error.hint or "", unknown=True))

    def _find_query(self, wanted: JsonObject, name: str) -> None:
        query_id, asked = str(wanted[name]), self.raw.get(name.removesuffix("_id"))
        if self.context.backup.same_instance:
            if str((self.live or {}).get(name)) != query_id:
                check_query(self.context, query_id, asked, f"{name.removesuffix('_id')}.view")
            return
        recorded = self._recorded_query(query_id)
        asked = self.context.backup.definitions.query(query_id) if recorded is None else None
        if recorded is not None:
            # Recorded under its plain id it has no links, and what it asks never changes.
            wanted[name] = recorded
        elif asked is not None:
            maker = QueryMaker(self.context, self.before, self.rewrite)
            wanted[name] = maker.query(query_id, asked, name.removesuffix("_id"), self._live_query)
        elif self.live is not None and self.live.get(name) is not None:
            del wanted[name]
            self.warnings.append(f"keeping the live query: no tile of the backup shows query={query_id}")
        else:
            raise NotRestorableError(
                f"{self.key} cannot be created in another instance: it needs query={query_id}, which no tile of the "
                "backup shows",
                hint="if the source instance still runs, set [source] base_url to read the query from it",
                path=name,
                key=self.key,
            )

    def _recorded_query(self, query_id: str) -> str | None:
        """The live query as which the backed-up one is on record. Where the live object, provably the one on record,
        shows that query and was recorded no sooner, the query needs no call: it was there before.
        """
        query = self.context.records.recorded("query", query_id)
        own = self.context.records.recorded(self.key.type, self.key.id)
        live = self.live or {}
        if query is not None and own is not None and str(live.get("query_id")) == query.destination_id:
            proved = same_origin(own.proof.created_at or None, live.get("created_at"))
            if proved and own.destination_id == str(live.get("id")) and query.proof.key and query.at <= own.at:
                return query.destination_id
        return mapped_query(self.context, "query", query_id)

    def _live_query(self) -> Query | None:
        """The query that the live object has; searches do not show it."""
        live = self.live or {}
        if live.get("query") or live.get("query_id") is None:
            return live.get("query")
        found: Query | None = self.context.destination.session.call("query", path={"query_id": str(live["query_id"])})
        return found

    def lost_owner(self) -> None:
        """Warn where the destination's release cannot set the owner that the backup names."""
        owner, schema = self.raw.get("user_id"), self._entry.update_schema
        if not schema or owner is None or "user_id" not in fields.writable(schema):
            return
        if self.context.destination.releases.can_write(schema, "user_id"):
            return
        becomes = str((self.live or {}).get("user_id") or self.context.destination.caller_id)
        meant = presumed(self.context, "user", str(owner)) or user_there(self.context, str(owner)) or str(owner)
        if meant != becomes:
            release = self.context.destination.releases.destination
            self.warnings.append(
                f"Looker {release} cannot set the owner of a {self.key.type}: it is user {becomes}, not {meant}"
            )
