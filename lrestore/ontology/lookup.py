"""Find a content type by the word that people use for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from lrestore.errors import UsageError
from lrestore.ontology.schema import ContentType
from lrestore.text.words import nearest


def find_type(word: str, types: Mapping[str, ContentType], others: Collection[str] = ()) -> ContentType:
    """The type called ``word``: any case (``PermissionSets`` too), singular or plural, with ``-`` or a space for ``_``.

    Raises UsageError that names all types, and the nearest one where the word looks like a slip of the pen, or the
    nearest of the ``others`` that may stand in the same place.
    """
    name = word.strip().lower().replace("-", "_").replace(" ", "_")
    solid = name.replace("_", "")
    for known, found in types.items():
        if solid.removesuffix("s") == known.replace("_", ""):
            return found
    near = nearest(name, [*others, *types, *(f"{known}s" for known in types)]).removesuffix("s")
    meant = f"did you mean {near}? " if near else ""
    raise UsageError(f"there is no content type {word!r}", hint=f"{meant}The types are: {', '.join(types)}")
