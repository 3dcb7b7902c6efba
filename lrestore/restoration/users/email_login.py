"""The e-mail login of a user: created if it is missing, changed if the address differs, removed only by an undo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from lrestore.content.diff import changes, differing
from lrestore.content.payload import wanted_part
from lrestore.content.shapes.boundary import as_login
from lrestore.errors import NotFoundError
from lrestore.messages import ItemKey
from lrestore.ontology import fields
from lrestore.restoration.apply.create_once import do_once
from lrestore.restoration.apply.execute import Applied, send
from lrestore.restoration.context import Context, WritingContext
from lrestore.restoration.identify.acting_user import is_caller
from lrestore.restoration.writes import Write

if TYPE_CHECKING:
    from lrestore.content.shapes.user import CredentialsEmail, User

TYPE: Final = "credentials_email"
_MODEL = "CredentialsEmail"


class EmailLogin:
    """Plans the e-mail login of one user."""

    def __init__(self, context: Context, key: ItemKey, raw: User) -> None:
        self._context = context
        self._key = key
        self._raw = raw
        self.warnings: list[str] = []

    def writes(self, live: User | None) -> list[Write]:
        """One call, or none. ``live`` is the user; None if it is to be created."""
        backed_up = self._raw.get(TYPE) or {}
        if not backed_up.get("email"):
            return self._removal(live)
        wanted = as_login(wanted_part(backed_up, _MODEL, self._context.destination.releases))
        there = (live or {}).get(TYPE) or {}
        if not there:
            return [self._write("create_user_credentials_email", live, wanted, there)]
        if str(wanted["email"]).casefold() == str(there.get("email") or "").casefold():
            del wanted["email"]
        body = differing(wanted, there, fields.sdk_model(_MODEL))
        if not body:
            return []
        if is_caller(self._context.destination, live):
            self.warnings.append(f"this is the calling user: its e-mail login is left alone ({', '.join(body)})")
            return []
        return [self._write("update_user_credentials_email", live, body, there)]

    def _removal(self, live: User | None) -> list[Write]:
        """An undo removes the login that the undone session made, unless the user has logged in with it."""
        there = (live or {}).get(TYPE) or {}
        copied_without = TYPE in self._raw and self._context.policy.literal
        if not copied_without or not there.get("email") or is_caller(self._context.destination, live):
            return []
        if there.get("logged_in_at"):
            self.warnings.append("keeping its e-mail login: the user has logged in with it")
            return []
        return [self._write("delete_user_credentials_email", live, {"email": there["email"]}, there)]

    def _write(self, operation: str, live: User | None, body: Mapping[str, object], there: CredentialsEmail) -> Write:
        live_id = str(live["id"]) if live else ""
        changed = changes(body, there, f"{TYPE}.")
        return Write(
            operation=operation,
            type=TYPE,
            source_id=self._key.id,
            live_id=live_id,
            path=TYPE,
            name=str(body.get("email") or ""),
            body=dict(body),
            changes=changed,
        )


def apply_login(context: WritingContext, applied: Applied, write: Write, user_id: str) -> None:
    """Create or change it. Raises the LookerError that refused it (409: the address belongs to another user)."""
    path = {"user_id": user_id}

    def shown() -> CredentialsEmail | None:
        try:
            found: CredentialsEmail = context.destination.session.call("user_credentials_email", path=path)
        except NotFoundError:
            return None
        return found

    def is_there() -> bool:
        found = shown() or {}
        return str(found.get("email") or "").casefold() == str(write.body.get("email") or "").casefold()

    if write.operation == "delete_user_credentials_email":
        try:
            send(context.destination.session, write.operation, path, None)
        except NotFoundError:
            # It is gone; or the caller may not delete it, and then it is still shown.
            if shown() is not None:
                raise
    else:
        do_once(context, lambda: send(context.destination.session, write.operation, path, write.body), is_there)
    applied.done += 1
