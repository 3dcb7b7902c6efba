"""Folders that were made and whose access list is still to be set: nothing is put into them before.

An intent stands for that. It is on record before the folder is made, and ends with the result of the folder, unless
that has failed. A process that ends in between leaves a folder that the next run closes, and into which no run puts
anything before.
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
"""The kind of part that stands for the access list."""

INHERIT = "inherit"


@contextmanager
def to_be_closed(context: WritingContext, key: ItemKey) -> Iterator[None]:
    """Inside, a folder is made whose access list is to be set. A folder that Looker refuses needs none."""
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
