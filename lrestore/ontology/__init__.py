"""Facts about Looker's objects: the table that the program reads instead of asking "if type is".

Facts from Looker's specification of API 4.0, release 26.12, in both its forms: the OpenAPI 3 file, from which the SDK
is generated, loses the read-only mark of properties that are references, so the Swagger 2 file decides
(:mod:`lrestore.ontology.errata`). Adding a content type is adding a row.
"""

from __future__ import annotations

from collections.abc import Collection

from lrestore.ontology.lookup import find_type
from lrestore.ontology.operations import OPERATIONS
from lrestore.ontology.schema import ContentType, Operation, Part, Reference, is_built_in
from lrestore.ontology.types.board import BOARD
from lrestore.ontology.types.dashboard import DASHBOARD
from lrestore.ontology.types.explore import EXPLORE
from lrestore.ontology.types.folder import FOLDER
from lrestore.ontology.types.group import GROUP
from lrestore.ontology.types.look import LOOK
from lrestore.ontology.types.lookml_model import LOOKML_MODEL
from lrestore.ontology.types.model_set import MODEL_SET
from lrestore.ontology.types.permission_set import PERMISSION_SET
from lrestore.ontology.types.role import ROLE
from lrestore.ontology.types.scheduled_plan import SCHEDULED_PLAN
from lrestore.ontology.types.user import USER

__all__ = [
    "CONTENT_TYPES",
    "OPERATIONS",
    "PARTS",
    "ContentType",
    "Operation",
    "Part",
    "Reference",
    "by_vault_number",
    "content_type",
    "is_built_in",
]

_ALL = (
    USER,
    GROUP,
    PERMISSION_SET,
    MODEL_SET,
    ROLE,
    FOLDER,
    LOOKML_MODEL,
    EXPLORE,
    LOOK,
    DASHBOARD,
    BOARD,
    SCHEDULED_PLAN,
)

CONTENT_TYPES: dict[str, ContentType] = {entry.name: entry for entry in _ALL}
"""The twelve types by name, in the order of their tiers."""

PARTS: dict[str, Part] = {part.type: part for entry in _ALL for part in entry.parts}
"""Every sub-resource by type: ``dashboard_element``, ``board_item`` ..."""

by_vault_number: dict[int, ContentType] = {entry.vault_number: entry for entry in _ALL}
"""The types by ``content_items.content_type`` of a backup."""


def content_type(word: str, others: Collection[str] = ()) -> ContentType:
    """The type called ``word``: any case (``PermissionSets`` too), singular or plural, with ``-`` or a space for ``_``.

    Raises UsageError that names the twelve, and the nearest one; ``others``: words that may stand in the same place.
    """
    return find_type(word, CONTENT_TYPES, others)
