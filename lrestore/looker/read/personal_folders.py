"""The personal folders of users: the listing of folders shows most of them, the user's own record the others."""

from __future__ import annotations

import threading

from lrestore.errors import NotFoundError
from lrestore.looker.caller import Caller
from lrestore.looker.read.listings import Listing


class PersonalFolders:
    """Asks for each user once. Safe for threads."""

    def __init__(self, session: Caller, folders: Listing) -> None:
        self._session = session
        self._folders = folders
        self._known: dict[str, str] = {}
        self._lock = threading.Lock()

    def of(self, user_id: str) -> str | None:
        """The id of a user's personal folder, from the listing where that tells, else as the user's own record says."""
        shown = self._folders.personal(user_id)
        with self._lock:
            known = self._known.get(user_id)
        if known is not None or len(shown) == 1:
            return known or next(iter(shown))
        fields = {"fields": "id,personal_folder_id"}
        try:
            user = self._session.call("user", path={"user_id": user_id}, query=fields)
        except NotFoundError:
            return None
        found = user.get("personal_folder_id")
        if found is None:
            return None
        with self._lock:
            return self._known.setdefault(user_id, str(found))
