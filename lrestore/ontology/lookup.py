"""Find a content type by the word that people use for it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from lrestore.errors import UsageError
from lrestore.ontology.schema import ContentType


def find(word: str, types: Mapping[str, ContentType]) -> ContentType:
    """The type called ``word``: any case (``PermissionSets`` too), singular or plural, with ``-`` or a space for ``_``.

    Raises UsageError that names all types, and the nearest one where the word looks like a slip of the pen.
    """
    name = word.strip().lower().replace("-", "_").replace(" ", "_")
    solid = name.replace("_", "")
    for known, found in types.items():
        if solid.removesuffix("s") == known.replace("_", ""):
            return found
    near = difflib.get_close_matches(name, [*types, *(f"{known}s" for known in types)], n=1)
    meant = f"did you mean {near[0].removesuffix('s')}? " if near else ""
    raise UsageError(f"there is no content type {word!r}", hint=f"{meant}The types are: {', '.join(types)}")
