"""Finding and opening the files of a backup, read-only, so that not a byte of them or beside them changes.

A file in WAL mode that is opened with ``mode=ro`` alone gets a ``-wal`` and a ``-shm`` beside it; with ``immutable=1``
it does not, but then a WAL is ignored. So: no WAL, immutable; a WAL with something in it, a private copy.
"""

from __future__ import annotations

import glob
import os
import sqlite3
import stat
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from operator import methodcaller
from pathlib import Path
from typing import Final

from lrestore.errors import VaultError
from lrestore.vault import schema
from lrestore.vault.private_copies import (
    GZIP_MAGIC,
    HEADER_BYTES,
    SQLITE_MAGIC,
    PrivateCopies,
    announced_bytes,
    companion,
    state,
)
from lrestore.vault.sqlite_uri import sqlite_uri

_COMPANIONS: Final = ("-wal", "-shm", "-journal")
_TEXT: Final = methodcaller("decode", "utf-8", "replace")
"""Called for every text of every row: a call of a Python function for each would cost more than the decoding."""


@dataclass(frozen=True, slots=True)
class OpenFile:
    """One file of the backup: ``path`` as the user knows it, ``real_path`` what SQLite reads (maybe a copy)."""

    path: str
    real_path: str
    connection: sqlite3.Connection
    columns: frozenset[str]
    tables: frozenset[str]
    opened_as: tuple[int, int, int] | None

    def check_unchanged(self) -> None:
        """Raise :class:`VaultError` if the file was written to since it was opened: its pages may not fit together."""
        if state(self.real_path) != self.opened_as:
            raise VaultError(
                f"{self.path}: was changed while it was being read",
                hint="wait until LookerVault has finished, then resume",
            )


def expand(paths: Sequence[str]) -> list[Path]:
    """The files that ``paths`` (files or globs) name, each once, those of a glob sorted.

    Raises :class:`VaultError` for a file that is not there, a glob without a match, a directory, or no path at all.
    """
    found: dict[str, Path] = {}
    for given in paths:
        for path in _matches(given):
            found.setdefault(os.path.realpath(path), path)
    if not found:
        raise VaultError("no backup file was named", hint="set [source] path")
    return list(found.values())


def is_pattern(given: str) -> bool:
    """Whether ``given`` is a glob. A file may have a name with characters of globs in it."""
    return glob.has_magic(given) and not os.path.lexists(Path(given).expanduser())


def _matches(given: str) -> Iterable[Path]:
    path = Path(given).expanduser()
    if "\0" in given:
        raise VaultError(f"{given!r}: no such file: a path cannot hold a NUL", hint="check [source] path")
    if not is_pattern(given):
        return [path]
    matches = [Path(name) for name in sorted(_glob(path)) if not name.endswith(_COMPANIONS)]
    files = [match for match in matches if match.is_file()]
    if not files:
        raise VaultError(f"{given}: no file matches", hint="check [source] path")
    return files


def _glob(pattern: Path) -> list[str]:
    # Path.glob takes no absolute patterns.
    return glob.glob(str(pattern), recursive=True)  # noqa: PTH207


def open_file(path: Path, copies: PrivateCopies) -> OpenFile:
    """Open one backup file for reading. Raises :class:`VaultError`, naming the file, if it is no readable backup."""
    real_path = _readable(path, copies)
    seen = state(real_path)
    with ExitStack() as unless_opened:
        try:
            connection = unless_opened.enter_context(closing(_connect(real_path)))
            tables = frozenset(
                name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            )
            columns = frozenset(row[1] for row in connection.execute(f"PRAGMA table_info({schema.TABLE})"))
        except sqlite3.Error as error:
            raise damaged(str(path), error) from error
        _check_tables(path, tables, columns)
        unless_opened.pop_all()
    return OpenFile(str(path), str(real_path), connection, columns, tables, seen)


def damaged(path: str, error: sqlite3.Error) -> VaultError:
    """The error for a file that SQLite cannot read."""
    return VaultError(
        f"{path}: SQLite cannot read it: {error}",
        hint="the file is damaged: fetch it again, or salvage it with `sqlite3 FILE .recover`",
    )


def _readable(path: Path, copies: PrivateCopies) -> Path:
    header = _header(path)
    if header.startswith(GZIP_MAGIC):
        plain = copies.decompressed(path)
        _check_header(path, _first_bytes(path, plain), plain.stat().st_size)
        return plain
    _check_magic(path, header)
    if any(_has_content(companion(path, suffix)) for suffix in ("-wal", "-journal")):
        return copies.settled(path)
    _check_header(path, header, path.stat().st_size)
    return path


def _header(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise VaultError(f"{path}: no such file", hint="check [source] path") from error
    except OSError as error:
        raise VaultError(
            f"{path}: cannot be read: {error.strerror}", hint="check the path and its permissions"
        ) from error
    if stat.S_ISDIR(mode):
        raise VaultError(f"{path}: is a directory", hint=f"name a file, or a glob such as {path}/*.db")
    if not stat.S_ISREG(mode):
        raise VaultError(f"{path}: is not a regular file", hint="copy the backup into a file first")
    return _first_bytes(path, path)


def _first_bytes(path: Path, real_path: Path) -> bytes:
    try:
        with real_path.open("rb") as file:
            header = file.read(HEADER_BYTES)
    except OSError as error:
        raise VaultError(f"{path}: cannot be read: {error.strerror}", hint="check its permissions") from error
    if not header:
        raise VaultError(f"{path}: is empty", hint="the backup was not finished: make it again")
    return header


def _check_magic(path: Path, header: bytes) -> None:
    if not header.startswith(SQLITE_MAGIC):
        raise VaultError(
            f"{path}: is neither an SQLite file nor a gzip of one (or it is encrypted)",
            hint="name a file that LookerVault wrote, decrypted",
        )


def _check_header(path: Path, header: bytes, size_bytes: int) -> None:
    """A file that was cut off opens fine and fails later, at the missing pages: better said at once."""
    _check_magic(path, header)
    expected_bytes = announced_bytes(header) or HEADER_BYTES
    if size_bytes < expected_bytes:
        raise VaultError(
            f"{path}: is cut short: {size_bytes} bytes, its header says {expected_bytes}", hint="fetch it again"
        )


def _has_content(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def _connect(path: Path) -> sqlite3.Connection:
    uri = sqlite_uri(path, "ro", immutable=True)
    # Sharing one connection among threads is safe: SQLite is built in serialised mode, and readers lock around it.
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    connection.text_factory = _TEXT
    for pragma in ("query_only = ON", "trusted_schema = OFF", "cell_size_check = ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _check_tables(path: Path, tables: frozenset[str], columns: frozenset[str]) -> None:
    hint = "name a file that LookerVault wrote"
    if schema.TABLE not in tables:
        raise VaultError(
            f"{path}: is an SQLite file, but not a LookerVault backup: it has no table {schema.TABLE}", hint=hint
        )
    missing = schema.REQUIRED_COLUMNS - columns
    if missing:
        listed = ", ".join(sorted(missing))
        raise VaultError(f"{path}: is not a LookerVault backup: its {schema.TABLE} lacks {listed}", hint=hint)
