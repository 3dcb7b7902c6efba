"""One value at a time: into its type, and whether it is possible. The caller adds key and place to a problem."""

from __future__ import annotations

import math
import re
import tomllib
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from lrestore.text.words import did_you_mean, seconds_of

_TRUE = frozenset({"true", "t", "yes", "y", "1", "on"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "off"})
_LIMIT = re.compile(r"none|\d+|\d+(\.\d+)?%")
_API_PATH = re.compile(r"/api(/\d(\.\d+)?)?/*$")


_TYPE_NAMES = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "null": "nothing",
}
"""msgspec's names of types, as users call them."""


def typed(value: object, kind: Any, *, as_text: bool) -> object:
    """``value`` as ``kind`` (a type of the settings, with its bounds); ``as_text``: from where everything is text.

    Raises ValueError with what is wrong; the value itself is not repeated, for it may be a secret in the wrong place.
    """
    if typing.get_origin(kind) is Literal:
        if value not in typing.get_args(kind):
            meant = did_you_mean(str(value), typing.get_args(kind))
            hint = f"; {meant}" if meant else ""
            raise ValueError(f"must be one of: {', '.join(typing.get_args(kind))}{hint}")
        return value
    if as_text and isinstance(value, str):
        value = _from_text(value.strip(), kind)
    try:
        converted: object = msgspec.convert(value, kind, strict=not as_text)
    except msgspec.ValidationError as error:
        raise ValueError(_in_words(str(error))) from None
    if isinstance(converted, float) and not math.isfinite(converted):
        raise ValueError("must be a finite number")
    return converted


def _in_words(message: str) -> str:
    """msgspec's message in plain words: ``expected a whole number <= 64``, ``expected a whole number, got text``."""
    plain = message.replace(" - at `$", ", at `").replace("Expected", "expected")
    return re.sub(r"`([^`]*)`", lambda found: _TYPE_NAMES.get(found[1].split(" | ")[0], found[1]), plain)


def _from_text(text: str, kind: Any) -> object:
    if kind is bool:
        return _truth(text)
    if typing.get_origin(kind) is None or kind is str:
        return text
    holds_list = list in (typing.get_origin(kind), *(typing.get_origin(option) for option in typing.get_args(kind)))
    if holds_list and text.startswith("["):
        return _toml_list(text)
    return list(_specs(text)) if typing.get_origin(kind) is list else text


def _truth(text: str) -> bool:
    if text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    raise ValueError("must be true or false")


def _toml_list(text: str) -> object:
    try:
        return tomllib.loads(f"list = {text}")["list"]
    except tomllib.TOMLDecodeError:
        raise ValueError('is not a list: write it like ["a", "b"]') from None


def _specs(text: str) -> Iterator[str]:
    """``dashboard=1,2 look,board`` is three SPECs: a comma after ``=`` joins ids, any other one ends a SPEC."""
    for word in re.split(r"[\s;]+", text):
        rest = word
        while "," in rest and "=" not in rest.split(",", 1)[0]:
            head, rest = rest.split(",", 1)
            if head:
                yield head
        if rest:
            yield rest


def wrong_value(key: str, value: object) -> str:
    """The reason why the value of this setting is impossible, beyond its type; ``""`` if it is possible."""
    check = _CHECKS.get(key)
    return check(value) if check else ""


def _base_url(value: object) -> str:
    url = str(value)
    if url in ("", "simulator"):
        return ""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URL: it must look like https://looker.example.com:19999"
    if parts.username is not None or parts.password is not None:
        return "must not hold a user or password: set LOOKERSDK_CLIENT_ID and LOOKERSDK_CLIENT_SECRET"
    if parts.scheme not in ("http", "https") or not host or re.search(r"\s", url):
        meant = did_you_mean(url, ["simulator"])
        like = "must begin with https:// (or http://) and name a host, like https://looker.example.com:19999"
        return f"{like}; {meant}" if meant else like
    if parts.query or parts.fragment or _API_PATH.search(parts.path):
        return "must end after host and port: remove /api/4.0 and everything after it"
    return ""


def _proxy(value: object) -> str:
    """The value may hold a password, so that it is not quoted."""
    url = str(value)
    if url in ("", "none"):
        return ""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URL: it must look like http://proxy.example.com:3128"
    if parts.scheme != "http" or not host or re.search(r"\s", url):
        return 'must be "none", or the URL of an HTTP proxy, like http://proxy.example.com:3128'
    return ""


def _source_url(value: object) -> str:
    return "must be the URL of the instance that the backup came from" if value == "simulator" else _base_url(value)


def _limit(value: object) -> str:
    text = str(value)
    if not _LIMIT.fullmatch(text) or (text.endswith("%") and float(text[:-1]) > 100):
        return 'must be "none", a number of items such as "20", or a percentage such as "5%"'
    return ""


def _age(value: object) -> str:
    return "" if value == "" or seconds_of(str(value)) else 'must be a duration such as "36h" or "2d", or ""'


def _path(value: object) -> str:
    return _not_a_path(str(value)) if value else ""


def _needed_path(value: object) -> str:
    return _not_a_path(str(value))


def _files(value: object) -> str:
    paths = value if isinstance(value, list) else [value]
    return next(filter(None, map(_needed_path, paths)), "") if paths else "names no file"


def _not_a_path(text: str) -> str:
    if not text.strip():
        return "must not be empty"
    if "\0" in text:
        return "must not hold a NUL character"
    try:
        Path(text).expanduser()
    except RuntimeError:
        return "begins with the home directory of an unknown user"
    return ""


def _storable(value: object) -> str:
    """The environment may hold bytes that are no text; what is a key of the id mappings must be some."""
    return "is not UTF-8 text" if any("\ud800" <= letter <= "\udfff" for letter in str(value)) else ""


_CHECKS: dict[str, Callable[[object], str]] = {
    "source.path": _files,
    "source.instance": _storable,
    "source.base_url": _source_url,
    "destination.base_url": _base_url,
    "destination.name": _storable,
    "destination.proxy": _proxy,
    "destination.ini": _path,
    "destination.simulator_world": _path,
    "state.path": _needed_path,
    "run.max_failures": _limit,
    "run.max_updates": _limit,
    "run.max_deletions": _limit,
    "source.max_backup_age": _age,
}
