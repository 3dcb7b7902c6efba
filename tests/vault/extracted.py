"""From an object as the API shows it to the content that LookerVault stores of it.

Backups of tests are made with it, so that they lack exactly what real backups lack.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from lrestore.vault import schema

# The classes that LookerVault's calls are typed with: fields beyond them are lost (a look's query, for one).
_EXTRACTED_AS = {"look": "Look", "folder": "FolderBase"}


def backed_up(type: str, api_object: Mapping[str, object]) -> dict[str, object]:
    """The backed-up form of ``api_object`` (JSON builtins), ready for :meth:`ShardWriter.put`.

    As seen in LookerVault: decoded into the SDK's class, which drops what the class does not know; top-level nulls left
    out, nested ones kept with every field of the nested class; times in UTC. Raises :class:`ValueError` if the object
    does not fit the class.
    """
    model = msgspec.convert(api_object, _model(type))
    return {name: value for name, value in vars(model).items() if value is not None and not name.startswith("_")}


@cache
def _model(type: str) -> Any:
    from lrestore.sdk.api import models

    return getattr(models, _EXTRACTED_AS.get(type, schema.VAULT_TYPES[type].model))
