"""Reading an ini file as the Looker SDK does (``looker_sdk.rtl.api_settings``), with errors that say what to do."""

from __future__ import annotations

import configparser
import stat
from collections.abc import Mapping
from pathlib import Path

from lrestore.errors import SettingsError

DEFAULT_INI = "looker.ini"
"""The SDK's default, too: the one file that may be missing."""


def read_looker_ini(path: Path, section: str) -> Mapping[str, str] | None:
    """The keys of ``section`` (``""``: the first one), quotes stripped, empty ones left out; None: no such file.

    Raises :class:`SettingsError` if the file cannot be read or lacks the section. No message repeats a line of the
    file: it may hold the secret.
    """
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is not UTF-8 text (byte {error.start})") from error
    except configparser.Error as error:
        raise _malformed(path, error) from None
    name = section or next(iter(parser.sections()), "")
    if not parser.has_section(name):
        raise _no_section(path, name, parser.sections())
    return {key: text for key, value in parser[name].items() if (text := value.strip().strip("\"'"))}


def open_to_others(path: Path) -> bool:
    """May others than the owner read this file?"""
    return bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))


def _malformed(path: Path, error: configparser.Error) -> SettingsError:
    number = getattr(error, "lineno", None) or next((line for line, _ in getattr(error, "errors", ())), None)
    line = f", line {number}" if number else ""
    kind = {
        "DuplicateOptionError": "a key is given twice",
        "DuplicateSectionError": "a section is given twice",
        "MissingSectionHeaderError": "a key comes before the first [section]",
    }.get(type(error).__name__, "not of the form key=value")
    return SettingsError(f"{path}{line}: is not an ini file of the Looker SDK: {kind}")


def _no_section(path: Path, name: str, sections: list[str]) -> SettingsError:
    if not sections:
        return SettingsError(f"{path}: has no section", hint="it must begin with a line such as [Looker]")
    return SettingsError(f"{path}: has no section [{name}]", hint=f"it has: {', '.join(sections)}")
