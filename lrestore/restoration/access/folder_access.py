"""The access list of a folder that lrestore creates. Backups hold no access lists.

``[run] new_folder_access``: *inherit*: nothing is done; *closed*: the list is emptied, so that only admins see the
folder; *copy*: it becomes that of the source instance, with groups and users translated. An existing folder keeps its
list.

The initial list of a folder that stops inheriting is not documented (a copy of the inherited list, or its creator):
entries that are not wanted are removed, and the list is read again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrestore.content.shapes.boundary import as_folder
from lrestore.errors import DependencyError, LookerError, NotFoundError, NotRestorableError
from lrestore.json_types import JsonObject
from lrestore.looker.read.access_lists import AccessLists, Grant, grants_text, own_entries
from lrestore.messages import Change, ItemKey
from lrestore.restoration.apply.execute import Applied, send
from lrestore.restoration.context import Context, WritingContext
from lrestore.restoration.deferrals import Deferred
from lrestore.restoration.identify.match import Match
from lrestore.restoration.identify.resolve import resolve
from lrestore.restoration.identify.unclosed_folders import ACCESS, INHERIT, is_unclosed
from lrestore.restoration.writes import Plan, Write
from lrestore.vault.items import VaultItem

if TYPE_CHECKING:
    from lrestore.content.shapes.folder import Folder

_PATH = "access"


@dataclass(slots=True)
class AccessPlan(Plan):
    """``wanted``: the list of a new folder; None: the list is not changed. ``as_inherited``: the folder may inherit the
    list instead, if that is equal.
    """

    wanted: tuple[Grant, ...] | None = None
    as_inherited: bool = False


class FolderAccess:
    """Implements :class:`lrestore.restoration.type_handlers.SubResources`."""

    def __init__(self, context: Context, item: VaultItem, deferred: Deferred) -> None:
        self._context = context
        self._key: ItemKey = item.key
        self._name = item.name

    def plan(self, match: Match) -> AccessPlan:
        policy = self._context.policy
        if match.live is not None and not self._left_unclosed(match):
            return AccessPlan()
        if policy.new_folder_access == INHERIT:
            return AccessPlan(note="its access is that of the folder above")
        plan = AccessPlan(wanted=(), note="only administrators see it")
        if policy.new_folder_access == "copy":
            self._as_in_source(plan)
        live_id = str(match.live["id"]) if match.live else ""
        change = Change(_PATH, "as the folder above", grants_text(plan.wanted or ()))
        plan.writes.append(self._write("update_content_metadata", live_id, {"inherits": False}, (change,)))
        plan.writes += [self._write("create_content_metadata_access", "", _body(grant)) for grant in plan.wanted or ()]
        return plan

    def _left_unclosed(self, match: Match) -> bool:
        """Whether the live folder was created by an earlier process, and does not merely have the same name."""
        records = self._context.records
        begun = match.how == "mapping" or records.unsettled(self._key)
        return begun and is_unclosed(records, self._context.policy, self._key)

    def _write(self, operation: str, live_id: str, body: JsonObject, changes: tuple[Change, ...] = ()) -> Write:
        return Write(
            operation=operation,
            type=ACCESS,
            source_id=self._key.id,
            live_id=live_id,
            path=_PATH,
            name=self._name,
            body=body,
            changes=changes,
        )

    def _as_in_source(self, plan: AccessPlan) -> None:
        """The list of the source instance. Entries that cannot be translated are left out; an unknown list is empty."""
        found = self._context.backup.definitions.access(self._key.id)
        if found is None:
            plan.warnings.append(
                "the source instance does not show its access list: only administrators see it until one of them "
                "grants access"
            )
            return
        plan.as_inherited = found.inherits
        grants = []
        for grant in found.grants:
            try:
                grants.append(self._translated(grant))
            except DependencyError:
                plan.warnings.append(f"{grant} of the source's access list is not in the destination: left out")
        plan.wanted = tuple(sorted(set(grants)))
        plan.note = f"its access is that in the source: {grants_text(plan.wanted)}"

    def _translated(self, grant: Grant) -> Grant:
        """Raises DependencyError if the group or user has no counterpart."""
        kind, source_id = ("group", grant.group_id) if grant.group_id else ("user", grant.user_id)
        live_id = resolve(self._context, kind, source_id, path=_PATH, key=self._key)
        return Grant(grant.permission, live_id if kind == "group" else "", live_id if kind == "user" else "")

    def apply(
        self, context: WritingContext, applied: Applied, plan: AccessPlan, live: JsonObject
    ) -> tuple[AccessPlan, list[Change]]:
        if plan.wanted is not None:
            self._set(applied, plan, plan.wanted, as_folder(live))
        return plan, []

    def _set(self, applied: Applied, plan: AccessPlan, wanted: tuple[Grant, ...], live: Folder) -> None:
        try:
            metadata_id = self._metadata_id(live)
            if plan.as_inherited and self._inherits(metadata_id, wanted):
                return
            self._stop_inheriting(metadata_id)
            self._remove_others(metadata_id, wanted)
        except LookerError as error:
            message = f"its access could not be restricted, so nothing is put into it: {error.message}"
            raise error.with_context(message=message, key=self._key) from error.__cause__
        applied.done += 1
        there = set(own_entries(self._context.destination.session, metadata_id).values()) if wanted else set()
        for grant in (grant for grant in wanted if grant not in there):
            self._grant(applied, metadata_id, grant)

    def _metadata_id(self, live: Folder) -> str:
        found = live.get("content_metadata_id")
        if found is None:
            shown: Folder = self._context.destination.session.call("folder", path={"folder_id": str(live["id"])})
            found = shown.get("content_metadata_id")
        if found is None:
            raise NotRestorableError(
                f"Looker does not show the content metadata of folder {live['id']}, so its access cannot be restricted",
                hint='set [run] new_folder_access = "inherit" to restore it with the access of the folder above',
                key=self._key,
            )
        return str(found)

    def _inherits(self, metadata_id: str, wanted: tuple[Grant, ...]) -> bool:
        """Whether the folder inherits exactly the wanted list."""
        now = AccessLists(self._context.destination.session).effective(metadata_id)
        return now.inherits and now.grants == wanted

    def _stop_inheriting(self, metadata_id: str) -> None:
        path = {"content_metadata_id": metadata_id}
        answer = send(self._context.destination.session, "update_content_metadata", path, {"inherits": False}) or {}
        if answer.get("inherits") is not False:
            shown = self._context.destination.session.call("content_metadata", path=path)
            if shown.get("inherits") is not False:
                raise self._still("inherits the access of the folder above")

    def _remove_others(self, metadata_id: str, wanted: tuple[Grant, ...]) -> None:
        """Remove entries that are not wanted, and check that they are gone."""
        extra = self._extra(metadata_id, wanted)
        for entry_id in extra:
            try:
                send(
                    self._context.destination.session,
                    "delete_content_metadata_access",
                    {"content_metadata_access_id": entry_id},
                    None,
                )
            except NotFoundError:
                continue
        if extra and (left := self._extra(metadata_id, wanted)):
            raise self._still(f"can be seen by {grants_text(tuple(left.values()))}")

    def _extra(self, metadata_id: str, wanted: tuple[Grant, ...]) -> dict[str, Grant]:
        found = own_entries(self._context.destination.session, metadata_id)
        return {entry_id: grant for entry_id, grant in found.items() if grant not in wanted}

    def _still(self, how: str) -> NotRestorableError:
        return NotRestorableError(
            f"Looker accepted that {self._key} is restricted, and it still {how}: nothing is put into it",
            hint="set the folder's access in Looker, then restore it again",
            key=self._key,
        )

    def _grant(self, applied: Applied, metadata_id: str, grant: Grant) -> None:
        """Add wanted entries. If Looker refuses one, the folder stays more restricted, with a warning."""
        try:
            send(
                self._context.destination.session,
                "create_content_metadata_access",
                {},
                {"content_metadata_id": metadata_id, **_body(grant)},
            )
        except LookerError as error:
            if error.outcome_unknown and grant in own_entries(self._context.destination.session, metadata_id).values():
                return
            applied.warnings.append(f"{grant} could not be put on its access list: {error.message}")
        else:
            applied.done += 1


def _body(grant: Grant) -> JsonObject:
    grantee = {"group_id": grant.group_id} if grant.group_id else {"user_id": grant.user_id}
    return {"permission_type": grant.permission, **grantee}
