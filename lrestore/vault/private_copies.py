"""Private copies of backup files that cannot be read where they are: compressed ones, and ones with a live WAL.

A copy lies in a directory of its own (mode 0700, in the system's temporary directory) and is removed when the vault is
closed. The next process that opens a backup removes the copies of a killed one.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import sqlite3
import tempfile
import zlib
from pathlib import Path
from typing import IO, Final

from lrestore.errors import VaultError
from lrestore.text.words import size
from lrestore.vault.sqlite_uri import sqlite_uri

GZIP_MAGIC: Final = b"\x1f\x8b"
_CHUNK_BYTES: Final = 1024 * 1024
_PREFIX: Final = "lrestore-vault-"
_OWNED_BY_PROCESS: Final = re.compile(re.escape(_PREFIX) + r"(\d+)-")
_COPY_ATTEMPTS: Final = 3
SQLITE_MAGIC: Final = b"SQLite format 3\x00"
HEADER_BYTES: Final = 100
_SURPLUS_BYTES: Final = 64 * 1024 * 1024
"""Bytes that may follow the last page: SQLite does not read them."""
_RESERVE_BYTES: Final = 64 * 1024 * 1024


class PrivateCopies:
    """The directory of this vault's private copies, made when the first one is needed."""

    def __init__(self) -> None:
        self._directory: Path | None = None
        self._count = 0
        _remove_abandoned(Path(tempfile.gettempdir()))

    def decompressed(self, path: Path) -> Path:
        """A plain copy of the gzip file ``path``, as large as its SQLite header says.

        Raises :class:`VaultError` if it is damaged, is no SQLite file, or would be larger than there is room for.
        """
        try:
            target = self._new_file()
            with gzip.open(path, "rb") as packed, target.open("wb") as plain:
                _unpack(path, packed, plain)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise VaultError(
                f"{path}: the gzip file is cut short or damaged: {error}", hint="fetch it again"
            ) from error
        except OSError as error:
            raise _no_copy(path, error) from error
        return target

    def settled(self, path: Path) -> Path:
        """A copy of ``path`` into which its ``-wal`` or ``-journal`` has been folded; the originals stay as they are.

        Raises :class:`VaultError` if they keep changing meanwhile (LookerVault is writing) or cannot be copied.
        """
        try:
            target = self._new_file()
            for _ in range(_COPY_ATTEMPTS):
                before = signature(path)
                _copy_with_companions(path, target)
                if signature(path) == before:
                    _fold(path, target)
                    return target
        except OSError as error:
            raise _no_copy(path, error) from error
        raise VaultError(
            f"{path}: is being written to", hint="wait until LookerVault has finished, or restore from a copy"
        )

    def close(self) -> None:
        """Remove the copies."""
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None

    def _new_file(self) -> Path:
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        self._count += 1
        path = self._directory / f"{self._count}.db"
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        return path


def _unpack(path: Path, packed: gzip.GzipFile, plain: IO[bytes]) -> None:
    """Copy what belongs to the SQLite file; the rest is only read, for gzip's checksum, and only a little of it.

    A few kilobytes of gzip may hold terabytes: nothing is written that there is no room for.
    """
    folder = Path(plain.name).parent
    head = packed.read(HEADER_BYTES)
    plain.write(head)
    if not head.startswith(SQLITE_MAGIC):
        return
    expected = announced_bytes(head)
    if expected is not None and expected > _room(folder):
        raise _too_large(path, f"it would need {size(expected)}", folder)
    written = len(head)
    while chunk := packed.read(_CHUNK_BYTES):
        kept = chunk if expected is None else chunk[: max(0, expected - written)]
        if len(kept) > _room(folder):
            raise _too_large(path, f"it would need more than {size(written)}", folder)
        plain.write(kept)
        written += len(chunk)
        if expected is not None and written > expected + _SURPLUS_BYTES:
            raise VaultError(
                f"{path}: holds more than the {expected} bytes that its SQLite header announces", hint="fetch it again"
            )


def announced_bytes(header: bytes) -> int | None:
    """How large an SQLite file is by its first 100 bytes; None where these don't say.

    https://www.sqlite.org/fileformat.html, "File Change Counter" and "In-header Database Size".
    """
    if len(header) < HEADER_BYTES or header[24:28] != header[92:96]:
        return None
    page_bytes = int.from_bytes(header[16:18], "big")
    return (65536 if page_bytes == 1 else page_bytes) * int.from_bytes(header[28:32], "big") or None


def _room(folder: Path) -> int:
    """Bytes that a copy may take there: other programs need the temporary directory, too."""
    return shutil.disk_usage(folder).free - _RESERVE_BYTES


def _too_large(path: Path, how_large: str, folder: Path) -> VaultError:
    free = size(max(0, _room(folder)))
    return VaultError(
        f"{path}: cannot be unpacked: {how_large}, and {folder.parent} has {free} free",
        hint="free disk space there, set TMPDIR to another directory, or unpack it yourself elsewhere",
    )


def companion(path: Path, suffix: str) -> Path:
    """SQLite's file beside ``path``: ``-wal``, ``-shm`` or ``-journal``."""
    return path.with_name(path.name + suffix)


def signature(path: Path) -> tuple[tuple[int, int, int] | None, ...]:
    """Changes whenever ``path``, its WAL or its journal is written to or replaced."""
    return tuple(state(companion(path, suffix)) for suffix in ("", "-wal", "-journal"))


def state(path: Path | str) -> tuple[int, int, int] | None:
    """Identity, size and time of one file; None if it is not there."""
    try:
        status = os.stat(path)  # noqa: PTH116 (asked for before every row: half as long as a Path takes)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _copy_with_companions(path: Path, target: Path) -> None:
    for suffix in ("", "-wal", "-journal"):
        source, copy = companion(path, suffix), companion(target, suffix)
        if source.exists():
            shutil.copyfile(source, copy)
            copy.chmod(0o600)
        else:
            copy.unlink(missing_ok=True)


def _fold(path: Path, copy: Path) -> None:
    try:
        connection = sqlite3.connect(sqlite_uri(copy, "rw"), uri=True, isolation_level=None)
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise VaultError(
            f"{path}: together with its WAL it is not a readable SQLite file: {error}", hint="fetch it again"
        ) from error


def _no_copy(path: Path, error: OSError) -> VaultError:
    return VaultError(
        f"{path}: cannot make a private copy in {tempfile.tempdir or 'the temporary directory'}: {error}",
        hint="free disk space there, or set TMPDIR to another directory",
    )


def _remove_abandoned(parent: Path) -> None:
    for directory in parent.glob(f"{_PREFIX}*"):
        owner = _OWNED_BY_PROCESS.match(directory.name)
        if owner and directory.is_dir() and not _alive(int(owner[1])):
            shutil.rmtree(directory, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
