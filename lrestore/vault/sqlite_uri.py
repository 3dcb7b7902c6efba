"""How SQLite is told a file's name: always as a URI, so that no character of a path means anything but itself.

Unquoted, ``?`` begins parameters, ``#`` ends the name and ``%41`` is an ``A``; a plain ``:memory:`` is no file at all.
https://www.sqlite.org/uri.html
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal
from urllib.parse import quote

OpenMode = Literal["ro", "rw", "rwc"]
"""Read; read and write; the same and make the file if it is missing."""


def sqlite_uri(path: str | os.PathLike[str], mode: OpenMode, *, immutable: bool = False) -> str:
    """The URI of a file, for ``sqlite3.connect(…, uri=True)``; a relative path counts from the working directory.

    ``immutable``: the file cannot change while it is open, so SQLite neither locks it nor looks for a WAL.
    """
    name = os.fsencode(Path(path).absolute())
    # Two slashes at the beginning would make the first folder the name of a host.
    return f"file:///{quote(name.lstrip(b'/'))}?mode={mode}{'&immutable=1' if immutable else ''}"
