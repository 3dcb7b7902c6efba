"""``--show mappings`` and ``--show unmapped``: the recorded mappings of objects, and the items that have none."""

from __future__ import annotations

from collections.abc import Iterable

from lrestore.cli import formats as tables
from lrestore.errors import ItemError
from lrestore.messages import ItemKey
from lrestore.ontology import CONTENT_TYPES, PARTS, content_type
from lrestore.ontology.schema import is_built_in
from lrestore.report.item_lines import Style, item_heading
from lrestore.settings import Settings, require_destination, require_source
from lrestore.state.read import StateReader
from lrestore.state.records import IDMapping, MappingRoute
from lrestore.text.terminal import columns, cut, plain
from lrestore.text.words import counted
from lrestore.vault.backups.source import open_source
from lrestore.vault.items import IndexRow
from lrestore.vault.reader import Vault

_MAPPINGS = ("type", "source_instance", "source_id", "destination", "destination_id", "session", "created_at", "name")
_UNMAPPED = ("spec", "name", "updated_at")
_WIDEST_NAME = 3
"""A name takes at most one part in so many of a terminal's width."""


def mappings(state: StateReader, argument: str, form: str, style: Style) -> str:
    """All mappings, those of ``TYPE``, or with ``TYPE=ID`` those from or to that id, with the parts created for it.

    Raises UsageError for an unknown type.
    """
    word, asked, object_id = argument.partition("=")
    found = list(state.mappings(_type_name(word)))
    if asked:
        found = [mapping for mapping in found if object_id in (mapping.source_id, mapping.destination_id)]
        found += [part for mapping in found for part in state.mappings_of_parts(mapping)]
    if form == "json":
        return tables.as_json(found)
    rows = list(map(_row, found))
    if form == "csv":
        return tables.comma_separated(_MAPPINGS, rows)
    table = tables.text_table(_MAPPINGS, rows)
    fits = not style.width or max(map(columns, table.splitlines())) <= style.width
    return table if fits else _by_session(found, style)


def _by_session(found: Iterable[IDMapping], style: Style) -> str:
    """The mappings of each session below each other, for a terminal that is narrower than the table."""
    of_session: dict[tuple[str, str, str], list[str]] = {}
    for one in found:
        line = item_heading("  ", one.content_type, f"{one.source_id} → {one.destination_id}", one.name, style)
        of_session.setdefault((one.source_instance, one.destination, one.session_id), []).append(line)
    lines = []
    for (source, destination, session), listed in of_session.items():
        lines += [f"{plain(source)} → {plain(destination)}, {f'session {session}' if session else 'imported'}", *listed]
    return "".join(f"{line}\n" for line in lines)


def unmapped(settings: Settings, state: StateReader, word: str, form: str, style: Style, *, as_of: str = "") -> str:
    """The items of the backup without a recorded counterpart in the destination, of one type or of all.

    An item that a session restored or found unchanged has one, whether or not that needed a mapping. Objects that
    Looker makes itself, such as built-in roles, are never restored, and left out.
    """
    require_source(settings)
    require_destination(settings)
    route = MappingRoute(settings.source.instance, settings.destination.name, settings.destination.former_name)
    known = state.with_counterpart(route)
    with open_source(settings.source, as_of) as vault:
        types = None if not word else [content_type(word).name]
        rows = [row for row in vault.index(types) if row.key not in known]
        found = [row for row in rows if not _is_built_in(vault, row.key, settings.run.max_item_bytes)]
    if form == "json":
        names = ("type", "id", "name", "updated_at")
        return tables.as_json([dict(zip(names, (*_key(row), row.name, row.updated_at), strict=True)) for row in found])
    if form == "csv":
        return tables.comma_separated(_UNMAPPED, ((str(row.key), row.name, row.updated_at) for row in found))
    if not found:
        return f"every item of the backup has a recorded counterpart in {route.destination}\n"
    width = style.width // _WIDEST_NAME
    shown = [(str(row.key), cut(row.name, width) if width else row.name, row.updated_at) for row in found]
    table = tables.text_table(_UNMAPPED, shown, style.width)
    return table + f"{counted(len(found), 'item')} without a counterpart in {route.destination}\n"


def _is_built_in(vault: Vault, key: ItemKey, max_item_bytes: int) -> bool:
    entry = CONTENT_TYPES[key.type]
    try:
        return bool(entry.built_in) and is_built_in(entry, vault.read(key, max_item_bytes=max_item_bytes).raw)
    except ItemError:
        return False


def _row(mapping: IDMapping) -> tuple[object, ...]:
    return (
        *(mapping.content_type, mapping.source_instance, mapping.source_id),
        *(mapping.destination, mapping.destination_id, mapping.session_id, mapping.created_at, mapping.name),
    )


def _key(row: IndexRow) -> tuple[str, str]:
    return row.key.type, row.key.id


def _type_name(word: str) -> str | None:
    """The name of a content type in any spelling, or of a part such as dashboard_element."""
    if not word:
        return None
    return word if word in PARTS else content_type(word, tuple(PARTS)).name
