"""Adds to dead letters the temporary names that failed items still have in Looker."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from lrestore.errors import LookerError
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES
from lrestore.restoration.context import Context
from lrestore.restoration.name_swaps import UNIQUE
from lrestore.restoration.plan.title_clashes import IN_FOLDERS
from lrestore.restoration.stand_in_names import TEMPORARY
from lrestore.state.copies import UndoCopies
from lrestore.state.undo_log import read_undo

_NAMED = UNIQUE | IN_FOLDERS


class Leftover(NamedTuple):
    """A temporary name on record, and the id in its brackets: of the backed-up item, or of the live object."""

    type: str
    live_id: str
    name: str
    of: str


def names_left(failed: Collection[ItemKey], folders: Sequence[Path], context: Context) -> Iterator[tuple[ItemKey, str]]:
    """For each failed item that has a temporary name in Looker: a sentence about it. ``folders`` hold the copies of the
    session, and of those that it carries on. Makes no call if no temporary name is on record.

    Raises StateError if the copies cannot be read.
    """
    of_type = [key for key in failed if key.type in _NAMED]
    for found in _on_record(folders) if of_type else ():
        sources = {found.of, *context.records.recorded_as(found.type, found.live_id)}
        for key in of_type:
            if key.type == found.type and key.id in sources and (sentence := _warning(context, found)):
                yield key, sentence


def _warning(context: Context, found: Leftover) -> str:
    title = CONTENT_TYPES[found.type].title_field
    try:
        context.destination.live.look_anew(found.type)
        live = context.destination.live.beyond(found.type, found.live_id)
    except LookerError as error:
        return f"in Looker it may have the temporary name {found.name!r} (it could not be read: {error.message})"
    if live is None or live.get(title) != found.name:
        return ""
    return f"until it is restored, its name in Looker is {found.name!r}"


def _on_record(folders: Sequence[Path]) -> set[Leftover]:
    return {one for folder in folders for one in _in_folder(folder)}


def _in_folder(folder: Path) -> Iterator[Leftover]:
    if not read_undo(folder):
        return
    with UndoCopies(folder) as copies:
        for row in copies.written():
            yield from _of_row(*row)


def _of_row(
    owner_type: str, owner_id: str, type_name: str, object_id: str, operation: str, fields: bytes
) -> Iterator[Leftover]:
    if owner_type != type_name or type_name not in _NAMED:
        return
    written: dict[str, Any] = msgspec.msgpack.decode(fields, type=dict[str, Any])
    name = str(written.get(CONTENT_TYPES[type_name].title_field) or "")
    temporary = re.search(TEMPORARY, name)
    if temporary:
        yield Leftover(type_name, owner_id, name, temporary[1])
