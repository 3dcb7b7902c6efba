"""Flags that print a text and end the program: ``--print-config`` and ``--print-completion``.

Like ``--version`` they are actions of the parser: nothing else of the command line counts, and no settings are read.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from importlib import resources

CONFIGS = ("demo", "prod")
"""The settings files that come with lrestore: ``conf/`` of the repository, ``settings/examples`` of the package."""

SHELLS = ("bash", "zsh", "fish")

_FILES = frozenset(
    {"config", "plan_out", "apply", "report", "html", "metrics", "summary", "events", "log_file"},
)
"""Flags whose value is a file, by the names of their destinations."""


class PrintConfig(argparse.Action):
    """``--print-config NAME``: print that settings file to stdout; exit 0."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: object, values: object, option: object = None
    ) -> None:
        file = resources.files("lrestore.settings").joinpath("examples", f"{values}.toml")
        _end(parser, file.read_text(encoding="utf-8"))


class PrintCompletion(argparse.Action):
    """``--print-completion SHELL``: print a script that completes flags, their values and files; exit 0.

    Exit 2 if the extra ``lrestore[completion]`` is not installed.
    """

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: object, values: object, option: object = None
    ) -> None:
        try:
            import shtab
        except ModuleNotFoundError:
            parser.error("--print-completion needs shtab: pip install 'lrestore[completion]'")
        for action in parser._actions:  # noqa: SLF001 (argparse offers no other way to its flags)
            if action.dest in _FILES:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
            action.choices = _values(action)
        _end(parser, shtab.complete(parser, shell=str(values)))


def _values(action: argparse.Action) -> Iterable[str] | None:
    """The values to offer, also of flags that take others: the parser is not used any more."""
    from lrestore.cli.flag_types import SHOWN
    from lrestore.cli.options import GUARDS
    from lrestore.ontology import CONTENT_TYPES

    more: dict[str, Iterable[str]] = {
        "select": ("all", *CONTENT_TYPES),
        "exclude": tuple(CONTENT_TYPES),
        "show": SHOWN,
        "override": tuple(GUARDS),
    }
    return more.get(action.dest, action.choices)


def _end(parser: argparse.ArgumentParser, text: str) -> None:
    """Print to stdout and end the program: exit 0, or 3 if the text could not be written."""
    from lrestore.cli.output import write_out
    from lrestore.errors import RunError

    try:
        write_out(text.rstrip("\n") + "\n")
    except RunError as error:
        parser.exit(error.exit_code, f"lrestore: {error}\n")
    parser.exit()
