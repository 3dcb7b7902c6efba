"""Folders that were created and whose access list is not set yet: no item is put into them before.

An intent represents the missing list. It is recorded before the folder is created, and is closed by a successful result
of the folder. If the process ends in between, the next run sets the list before it puts anything into the folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lrestore.errors import DependencyError, LookerError
from lrestore.messages import Intent, ItemKey
from lrestore.restoration.context import WritingContext
from lrestore.restoration.journal import Records
from lrestore.restoration.policy import Policy

ACCESS = "folder_access"
"""The part type of the intent for an access list."""

INHERIT = "inherit"


@contextmanager
def to_be_closed(context: WritingContext, key: ItemKey) -> Iterator[None]:
    """Record that the folder that is created inside needs an access list. A folder that Looker refuses needs none."""
    if context.policy.new_folder_access == INHERIT:
        yield
        return
    (intent,) = context.journal.open_intents([Intent(key, f"{ACCESS}/{key.id}")])
    try:
        yield
    except LookerError as error:
        if not error.outcome_unknown:
            context.journal.drop_intent(intent)
        raise


def is_unclosed(records: Records, policy: Policy, key: ItemKey) -> bool:
    """Whether a folder that some run has made, or begun to make, has not got its access list."""
    if policy.new_folder_access == INHERIT or (ACCESS, key.id) not in records.unsettled_parts(key):
        return False
    return records.unsettled(key) or records.recorded(key.type, key.id) is not None


def refuse_unclosed(records: Records, policy: Policy, folder_id: str, *, path: str, key: ItemKey) -> None:
    """Raises DependencyError where nothing may be put into a folder of the backup yet."""
    folder = ItemKey("folder", folder_id)
    if key != folder and is_unclosed(records, policy, folder):
        raise DependencyError(
            f"{key} needs {folder} ({path}), which was created, but its access could not be restricted: nothing is put "
            "into it",
            hint=f'restore {folder} again, or set [run] new_folder_access = "inherit"',
            path=path,
            key=key,
        )
