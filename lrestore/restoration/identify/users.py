"""Match users: users have no ``created_at``, so equal logins mean the same user.

E-mail addresses are compared first, whatever the login they belong to; then the ids of SAML, LDAP, Google, OpenID
Connect and embed credentials. A user without any is matched by id, and only in the same instance.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from lrestore.content.identity import same_origin
from lrestore.content.shapes.boundary import as_user
from lrestore.errors import AmbiguousMatchError, ForbiddenError
from lrestore.json_types import JsonObject
from lrestore.looker.read.users import credentials_of, emails_of
from lrestore.messages import ItemKey
from lrestore.restoration.context import Context
from lrestore.restoration.identify.proof import proves
from lrestore.restoration.writes import Write

if TYPE_CHECKING:
    from lrestore.content.shapes.user import User


def same_person(raw: User, live: User) -> bool:
    """Whether the two have an address, a credential, or the moment in common at which the e-mail login was made."""
    if set(emails_of(raw)) & set(emails_of(live)) or set(credentials_of(raw)) & set(credentials_of(live)):
        return True
    return _same_login(raw, live) is True


def _same_login(raw: User, live: User) -> bool | None:
    ours, theirs = raw.get("credentials_email") or {}, live.get("credentials_email") or {}
    return same_origin(ours.get("created_at"), theirs.get("created_at"))


def is_another_person(raw: User, live: User) -> bool:
    """Whether an id has gone to another person (an instance set back to an old state gives ids anew): another name,
    another address, and an e-mail login made at another time.
    """
    named_alike = any(raw.get(name) and raw.get(name) == live.get(name) for name in ("first_name", "last_name"))
    return not named_alike and not same_person(raw, live) and _same_login(raw, live) is False


def known_by(raw: User) -> dict[str, str]:
    """The login or name by which the backed-up user is searched for, for messages."""
    if emails_of(raw):
        return {"email": emails_of(raw)[0]}
    credentials = {f"credentials_{kind}": credential_id for kind, credential_id in credentials_of(raw)}
    return credentials or {"name": f"{raw.get('first_name') or ''} {raw.get('last_name') or ''}".strip()}


def name_of(raw: User) -> dict[str, str | None]:
    """First and last name, null where there is none."""
    return {"first_name": raw.get("first_name") or None, "last_name": raw.get("last_name") or None}


def by_name_alone(raw: User) -> bool:
    """Whether a backed-up user that was not found by a login may be searched for by its name.

    An embed user is identified by its external id alone. So is a user with a login, and without a name, by its login.
    """
    kinds = {kind for kind, _ in credentials_of(raw)}
    return "embed" not in kinds and (any(name_of(raw).values()) or not (kinds or emails_of(raw)))


def find_by_name(context: Context, raw: User) -> list[JsonObject]:
    """The live users of the same name without a login. A restore cannot give users their login back."""
    if not by_name_alone(raw):
        return []
    return context.destination.live.people.without_login(raw.get("first_name"), raw.get("last_name"))


def find_users(context: Context, key: ItemKey, raw: User) -> list[JsonObject]:
    """The live users with the login of the backed-up one; more than one where several share it.

    Raises ForbiddenError where an embed user cannot be looked for.
    """
    people = context.destination.live.people
    for email in emails_of(raw)[:1]:
        found = people.by_email(email)
        logins = [row for row in found if _login(as_user(row)) == email]
        if found:
            return logins if len(logins) == 1 else found
    for kind, credential_id in credentials_of(raw):
        try:
            one = people.by_credential(kind, credential_id)
        except ForbiddenError as error:
            if emails_of(raw):
                continue
            hint = "only this call finds the user: allow it, or create the user with Looker's own tools"
            raise error.with_context(hint=hint) from error.__cause__
        if one is not None:
            return [one]
    return _left_behind(context, key, raw) if context.records.unsettled(key) else []


def _login(user: User) -> str:
    """The address of the e-mail login, without regard to case."""
    return ((user.get("credentials_email") or {}).get("email") or "").casefold()


def watch_user(context: Context, key: ItemKey, write: Write) -> Callable[[], JsonObject | None]:
    """A function that finds the user whose create got no answer: users without a login need no earlier listing."""
    return partial(_made, context, key, write)


def _made(context: Context, key: ItemKey, write: Write) -> JsonObject | None:
    if "external_user_id" in write.body:
        return context.destination.live.people.by_credential("embed", str(write.body["external_user_id"]))
    found = _left_behind(context, key, as_user(write.body))
    if len(found) > 1:
        raise AmbiguousMatchError(
            f"{key}: its create got no answer, and several users of that name have no credentials: "
            f"ids {', '.join(str(row['id']) for row in found)}",
            hint="delete the ones that are not needed",
            key=key,
        )
    return found[0] if found else None


def _left_behind(context: Context, key: ItemKey, names: User) -> list[JsonObject]:
    """Users as create_user leaves them: a name, no credentials; none that is known to be another."""
    rows = context.destination.live.people.without_credentials(names.get("first_name"), names.get("last_name"))
    return [row for row in rows if not _taken(context, key, row)]


def _taken(context: Context, key: ItemKey, row: JsonObject) -> bool:
    live_id = str(row["id"])
    if context.backup.same_instance and live_id != key.id and context.backup.source.holds(ItemKey("user", live_id)):
        return True
    recorded = context.records.recorded_as("user", live_id)
    return any(source != key.id and proves("user", one, row) is not False for source, one in recorded.items())
