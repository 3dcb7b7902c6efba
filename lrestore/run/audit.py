"""The caller of lrestore, the command and the backup: for the session, the report and ``--show``."""

from __future__ import annotations

import os
import pwd
import re
import socket
from datetime import datetime

from lrestore.clock import stamp
from lrestore.logs import hide
from lrestore.report.model import By, ReportedSource
from lrestore.text.words import counted
from lrestore.version import __version__

_PASSWORD = re.compile(r"(://[^/\s:@]*):[^/\s@]+@")
"""A password in a URL."""


def os_user() -> str:
    """The user of the operating system, by name if that has one: variables of the environment prove nothing."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid {number}"


def by(looker_user: str, command: str) -> By:
    """The caller. ``command`` as it was typed: known secrets, and passwords in URLs, are masked."""
    return By(looker_user, os_user(), socket.gethostname(), __version__, _PASSWORD.sub(r"\1:***@", hide(command)))


def dated(source: ReportedSource, fingerprint: str, synced_to: datetime | None, now: datetime) -> ReportedSource:
    """The source with its fingerprint and its age, that of its newest object."""
    age_s = None if synced_to is None else max(0.0, round((now - synced_to).total_seconds(), 1))
    newest = "" if synced_to is None else stamp(synced_to)
    return ReportedSource(source.instance, source.paths, fingerprint, newest, age(synced_to, now), age_s)


def age(made: datetime | None, now: datetime) -> str:
    """The age of a backup in words."""
    if made is None:
        return "of unknown age"
    hours = max(0, int((now - made).total_seconds() // 3600))
    if not hours:
        return "less than an hour old"
    return f"{counted(hours, 'hour') if hours < 48 else counted(hours // 24, 'day')} old"
