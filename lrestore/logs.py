"""The log: to stderr and to a file, as text or as JSON lines, never with a secret in it.

Only the program configures logging; used from Python, lrestore logs to the logger ``lrestore`` and no more.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import traceback
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from lrestore.errors import UsageError
from lrestore.log_fields import log_fields
from lrestore.text.redaction import Secrets
from lrestore.text.terminal import plain, plain_json

EVERYTHING = 5
"""A level below DEBUG: libraries log everything too."""


class Stream(Protocol):
    """Where log lines go; each comes in one ``write``."""

    def write(self, text: str, /) -> object: ...

    def flush(self) -> object: ...


class _Known:
    """The secrets of this process, for all formatters."""

    values: tuple[str, ...] = ()
    secrets = Secrets()


def redact(value: str) -> None:
    """From now on, mask ``value`` (and its form in a URL) wherever it would be logged."""
    if value and value not in _Known.values:
        _Known.values = (*_Known.values, value)
        _Known.secrets = Secrets(*sorted(_Known.values, key=len, reverse=True))


def hide(text: str) -> str:
    """``text`` with the known secrets masked, for what is written beside the log."""
    return _Known.secrets.hide(text)


def configure(
    *,
    level: int,
    format: Literal["text", "json"],
    file: str | Path | None,
    stream: Stream,
    stream_level: int = logging.NOTSET,
) -> None:
    """Log to ``stream`` and, if given, append to ``file``. Called again, it replaces what it did before.

    Records below ``stream_level`` go into the file only. ``level`` is for lrestore's own records; libraries are heard
    from WARNING on, or in full at ``EVERYTHING``. Raises UsageError if the file cannot be written.
    """
    formatter: logging.Formatter = _JsonLines() if format == "json" else _Text()
    handlers: list[logging.Handler] = [_StreamHandler(stream)]
    handlers[0].setLevel(stream_level)
    if file is not None:
        handlers.append(_opened(Path(file)))
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler, _StreamHandler | _FileHandler)]:
        root.removeHandler(old)
        old.close()
    for handler in handlers:
        handler.setFormatter(formatter)
        root.addHandler(handler)
    root.setLevel(level if level <= EVERYTHING else max(level, logging.WARNING))
    logging.getLogger("lrestore").setLevel(level)


def concluded(text: str, *, level: int, format: Literal["text", "json"]) -> str:
    """Write the last line about a run into the log file, if there is one; returns the line for stderr.

    As text the line for stderr has no time and level, because it answers the command.
    """
    record = logging.LogRecord("lrestore", level, "", 0, text, None, None)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, _FileHandler):
            handler.handle(record)
    return _JsonLines().format(record) if format == "json" else _Known.secrets.hide(plain(text))


def _opened(file: Path) -> _FileHandler:
    try:
        _refuse_other_files(file.expanduser())
        return _FileHandler(file.expanduser(), encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UsageError(f"--log-file {file}: cannot be written: {error.strerror or error}") from error


def _refuse_other_files(file: Path) -> None:
    """A log is appended: a mistyped ``--log-file vault.db`` must not destroy the backup."""
    if file.is_file():
        with file.open("rb") as existing:
            head = existing.read(64)
        if b"\0" in head or head.startswith(b"\x1f\x8b"):
            raise UsageError(
                f"--log-file {file}: is not a text file; it was left untouched", hint="choose another file name"
            )


class _Text(logging.Formatter):
    """``2026-11-23T10:00:00Z WARNING message``, a stack trace on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        moment = _moment(record).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines = [f"{moment} {record.levelname} {plain(_message(record))}", *map(plain, _trace(record).splitlines())]
        return _Known.secrets.hide("\n".join(lines))


class _JsonLines(logging.Formatter):
    """One JSON object per line: time, level, logger, message; session, worker and item where they are known; and the
    stack trace of an error.
    """

    def format(self, record: logging.LogRecord) -> str:
        hide = _Known.secrets.hide
        entry: dict[str, str | int] = {
            "time": _moment(record).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
            **log_fields(record),
        }
        trace = _trace(record)
        if trace:
            entry["trace"] = trace
        readable = {key: _encodable(hide(value)) if isinstance(value, str) else value for key, value in entry.items()}
        return plain_json(msgspec.json.encode(readable).decode())


def _moment(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _message(record: logging.LogRecord) -> str:
    """The message with its arguments; if they do not match, the line is logged nevertheless."""
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return f"{record.msg} {record.args}"


def _trace(record: logging.LogRecord) -> str:
    parts = ["".join(traceback.format_exception(*record.exc_info))] if record.exc_info and record.exc_info[0] else []
    return "\n".join([*parts, *filter(None, [record.stack_info])])


def _encodable(text: str) -> str:
    """Replace lone surrogates, which a damaged backup may contain and UTF-8 cannot encode."""
    return text.encode("utf-8", "backslashreplace").decode()


class _StreamHandler(logging.StreamHandler[Stream]):
    """A closed stderr must not end a run, and no other stream can take the message."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        """Nothing to be done."""


class _FileHandler(WatchedFileHandler):
    """Follows log rotation. A full disk must not end a run: it is reported once on stderr."""

    _failed = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record; the folder of the file may have been removed."""
        try:
            super().emit(record)
        except (OSError, ValueError):
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        """Report once that lines are lost."""
        if not self._failed and sys.stderr is not None:
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.write(f"--log-file {self.baseFilename}: cannot be written: {sys.exc_info()[1]}\n")
        self._failed = True

    def close(self) -> None:
        """Lines that a full disk refused are lost; that was reported when it happened."""
        with contextlib.suppress(OSError, ValueError):
            super().close()
