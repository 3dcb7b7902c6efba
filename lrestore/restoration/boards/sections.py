"""The keys by which sections of boards are matched by content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrestore.restoration.identify.parts import ContentKey, Keys

if TYPE_CHECKING:
    from lrestore.content.shapes.board import BoardSection


def _texts(section: BoardSection) -> tuple[str, str]:
    return str(section.get("title") or ""), str(section.get("description") or "")


def _title(section: BoardSection) -> str | None:
    return section.get("title") or None


def _alive(key: ContentKey[BoardSection]) -> ContentKey[BoardSection]:
    """The same key, of sections that are not in the trash."""
    return lambda section: None if section.get("deleted_at") else key(section)


SECTION_KEYS: Keys[BoardSection] = ((_texts, _alive(_texts)), (_title, _alive(_title)))
"""By title and description, then by title. A section in the trash is matched by its id alone."""
