"""Deletes parts that the backup lacks."""

from __future__ import annotations

from lrestore.content.shapes.boundary import as_board
from lrestore.errors import LookerError, NotFoundError
from lrestore.looker.caller import Caller
from lrestore.messages import Deletion
from lrestore.ontology import OPERATIONS
from lrestore.restoration.apply.execute import CHILDREN, HELD_AS, Applied, send
from lrestore.restoration.writes import Removal, Write


def remove_all(session: Caller, applied: Applied, removals: list[Removal]) -> None:
    """Delete parts; one that is gone already is gone. Looker also answers 404 where the caller may not delete: then the
    part is still shown, and it has not been deleted.
    """
    for removal in removals:
        try:
            _remove(session, applied, removal)
        except LookerError as error:
            gone = removal.deletion
            write = Write(
                operation=removal.operation,
                type=gone.type,
                source_id="",
                live_id=gone.id,
                path=f"{gone.type} {gone.id}",
                name=gone.name,
                body={},
            )
            applied.failures.append((write, error))
        else:
            applied.done += 1


def _remove(session: Caller, applied: Applied, removal: Removal) -> None:
    try:
        path = {OPERATIONS[removal.operation].id_parameter: removal.deletion.id}
        send(session, removal.operation, path, None)
    except NotFoundError:
        if _still_shown(session, applied, removal.deletion):
            raise


def _still_shown(session: Caller, applied: Applied, part: Deletion) -> bool:
    """Whether the object still shows the part."""
    operation, parameter = ("board", "board_id") if part.type in HELD_AS else CHILDREN[part.type]
    try:
        shown = session.call(operation, path={parameter: applied.live_id})
    except NotFoundError:
        return False
    if part.type not in HELD_AS:
        return any(str(row["id"]) == part.id and not row.get("deleted") for row in shown)
    sections = as_board(shown).get("board_sections") or ()
    if part.type == "board_section":
        return any(str(section["id"]) == part.id and not section.get("deleted_at") for section in sections)
    return any(str(item["id"]) == part.id for section in sections for item in section.get("board_items") or ())
