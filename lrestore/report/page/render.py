"""Puts the view of a report into the template."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from lrestore.messages import Totals
from lrestore.report.model import Report
from lrestore.report.page import plot
from lrestore.report.page.view import totals_rows, verdict_of, view_of
from lrestore.report.text import COLUMNS
from lrestore.text.direction import runs
from lrestore.text.terminal import plain
from lrestore.text.words import counted
from lrestore.version import __version__

HTML_BEGINS = b"<!doctype html>"
"""The beginning of every page."""


def page(report: Report) -> bytes:
    """The page as UTF-8, without anything to load."""
    view = view_of(report)
    environment = _environment()
    style, script = (_source(environment, name) for name in ("page.css", "page.js"))
    text = environment.get_template("page.html").render(
        view=view,
        rows=view.items.rows,
        size=(plot.WIDTH, plot.HEIGHT),
        style=Markup(style),  # noqa: S704 (a file of this package)
        script=Markup(script),  # noqa: S704
        policy=f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}",
        version=__version__,
    )
    return text.encode("utf-8", "replace")


def totals_table(report: Report) -> str:
    """The verdict and the totals by type as a fragment of HTML, for notebooks."""
    verdict, tone = verdict_of(report)
    return (
        _environment()
        .get_template("notebook.html")
        .render(
            verdict=verdict,
            tone=tone,
            columns=COLUMNS.get(report.mode, Totals.__struct_fields__),
            totals=totals_rows(report),
            calls=report.api.calls,
            session=report.session_id,
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("lrestore.report.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    environment.filters["counted"] = counted
    return environment


def _visible(value: Any) -> Any:
    """Make invisible characters of a text visible. All texts from a backup or from Looker pass through here. Text that
    runs from right to left is isolated, so that it does not reorder the text beside it.
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return Markup("").join(_bdi(part) if turned else escape(part) for part, turned in runs(plain(value)))


def _bdi(text: str) -> Markup:
    return Markup("<bdi>{}</bdi>").format(text)


@cache
def _source(environment: Environment, name: str) -> str:
    loader = environment.loader
    if loader is None:
        raise ValueError("the environment has no loader")
    return loader.get_source(environment, name)[0].strip()


def _hash(text: str) -> str:
    """The source expression of an inline style or script (Content Security Policy, level 2)."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
