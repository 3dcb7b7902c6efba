"""Reading the settings file: TOML, ``${NAME}`` in its strings, and the line on which a key stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lrestore.errors import SettingsError

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_TABLE = re.compile(r"\s*\[\s*([\w\"'.-]+)\s*\]")
_KEY = re.compile(r"\s*([\w\"'.-]+)\s*=")


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A settings file: its tables as TOML gives them, and its text, to find lines in."""

    path: Path
    tables: Mapping[str, object]
    text: str

    def place(self, section: str, key: str = "") -> str:
        """Where ``key`` of ``section`` stands, for messages: file and line, or the file alone."""
        line = _line_of(self.text, section, key)
        return f"{self.path}, line {line}" if line else str(self.path)


def read_settings_file(path: Path) -> SettingsFile:
    """The file as TOML. Raises :class:`SettingsError` if it cannot be read, or isn't UTF-8 or TOML."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return SettingsFile(path, tomllib.loads(text), text)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is not UTF-8 text (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: is not TOML: {error}") from error


def expanded(value: object, environ: Mapping[str, str], where: str) -> object:
    """``value`` with each ``${NAME}`` in its strings replaced; ``where`` names key and file.

    Raises :class:`SettingsError` for a variable that isn't set.
    """
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: _variable(match[1], environ, where), value)
    if isinstance(value, list):
        return [expanded(entry, environ, where) for entry in value]
    return value


def _variable(name: str, environ: Mapping[str, str], where: str) -> str:
    if name not in environ:
        raise SettingsError(f"{where}: the environment variable {name!r} is not set", hint=f"export {name}=…")
    return environ[name]


def _line_of(text: str, section: str, key: str) -> int:
    """The line of ``key``, or else of its table; 0 if neither is found (a table written in an unusual way)."""
    table, table_line = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _TABLE.match(line):
            table = _bare(header[1])
            table_line = table_line or number * (table == section)
        elif assigned := _KEY.match(line):
            name = _bare(f"{table}.{assigned[1]}" if table else assigned[1])
            if key and name == f"{section}.{key}":
                return number
            table_line = table_line or number * (name == section)
    return table_line


def _bare(name: str) -> str:
    return name.replace('"', "").replace("'", "").replace(" ", "")
