"""The report file: written completely or not at all. An unwritable path is detected at the start of a run, not at its
end.

A symbolic link at its path is replaced by the file; its target is not changed.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import msgspec

from lrestore.errors import LrestoreError, UsageError
from lrestore.report.model import Report
from lrestore.streams import is_own_stream
from lrestore.text.storable import to_json

_NO_ITEMS = b'\n  "items": []'
_PIECE = 1000
"""Items that are encoded at once."""


def report_json(report: Report) -> bytes:
    """The report as indented JSON, with a newline at the end."""
    return b"".join(json_pieces(report))


def json_pieces(report: Report) -> Iterator[bytes]:
    """The same in pieces, since the items of a large run take most of it."""
    whole = msgspec.json.format(to_json(msgspec.structs.replace(report, items=())), indent=2).encode("utf-8") + b"\n"
    if not report.items:
        yield whole
        return
    # Nothing else has this indentation: in texts, line breaks are escaped.
    before, empty, after = whole.partition(_NO_ITEMS)
    yield before + empty.removesuffix(b"]") + b"\n"
    items, first = iter(report.items), True
    while piece := list(islice(items, _PIECE)):
        listed = msgspec.json.format(to_json(piece), indent=2).encode("utf-8")
        inside = listed.removeprefix(b"[\n").removesuffix(b"\n]").replace(b"\n", b"\n  ")
        yield (b"  " if first else b",\n  ") + inside
        first = False
    yield b"\n  ]" + after


def ensure_writable(
    path: Path | str, *, first: bytes = b"{", apart_from: Path | str = "", what: str = "report"
) -> None:
    """Raise UsageError unless a report, or ``what`` else it is, can be written to ``path``.

    An existing file must be empty or begin with ``first``: a mistyped ``--report vault.db`` must not destroy the
    backup. ``apart_from`` is the state file, which this run may still create.
    """
    target = _target(path)
    if apart_from and os.path.realpath(target) == os.path.realpath(apart_from):
        raise UsageError(f"cannot write the {what} to {path}: that is the state file", hint="choose another file")
    try:
        if _is_stream(target):
            return
        _refuse_other_files(target, first, what)
        descriptor, name = _beside(target)
        os.close(descriptor)
        name.unlink()
    except OSError as error:
        raise UsageError(
            f"cannot write the {what} to {path}: {error.strerror or error}", hint="choose another path"
        ) from error


def write_whole(path: Path | str, content: bytes | Iterable[bytes], what: str = "report") -> None:
    """Replace a file's content, perhaps given in pieces, atomically and durably. Streams (/dev/stdout, a pipe) are
    written to directly.

    Raises LrestoreError, which says ``what`` the file is, if that fails; then an earlier file is still complete.
    """
    target, pieces = _target(path), [content] if isinstance(content, bytes) else content
    try:
        if _is_stream(target):
            with target.open("wb") as stream:
                stream.writelines(pieces)
        else:
            _replace(target, pieces)
    except OSError as error:
        raise LrestoreError(f"could not write the {what} to {path}: {error.strerror or error}") from error


def _target(path: Path | str) -> Path:
    """The path with its folder resolved; a link as the last part is kept."""
    given = Path(path)
    return given if given.parent == Path("/dev") else Path(os.path.realpath(given.parent)) / given.name


def _is_stream(target: Path) -> bool:
    """Pipes, sockets and terminals, /dev/stdout among them."""
    if not target.exists():
        return False
    mode = target.stat().st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode) or is_own_stream(target)


def _refuse_other_files(target: Path, first: bytes, what: str) -> None:
    if target.is_dir():
        raise UsageError(f"cannot write the {what} to {target}: it is a folder")
    if target.is_symlink() or not target.exists():
        return
    if not target.is_file():
        raise UsageError(f"cannot write the {what} to {target}: it is a device", hint="choose another file name")
    with target.open("rb") as file:
        head = file.read(64).lstrip()
    if head and not head.startswith(first):
        raise UsageError(
            f"{target} exists and does not hold the {what} of an earlier run: it was left untouched",
            hint="choose another file name",
        )


def _replace(target: Path, pieces: Iterable[bytes]) -> None:
    descriptor, name = _beside(target)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        name.replace(target)
    except BaseException:
        name.unlink()
        raise


def _beside(target: Path) -> tuple[int, Path]:
    """A new file in the same folder, with owner and permissions of the file that it replaces.

    If there is none, the umask decides, as for any file: CI jobs pass reports on.
    """
    name = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    there = os.lstat(target) if target.is_file() and not target.is_symlink() else None
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if there else 0o666)
    if there:
        # Only root may change the owner of a file.
        with contextlib.suppress(PermissionError):
            os.fchown(descriptor, there.st_uid, there.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(there.st_mode))
    return descriptor, name
