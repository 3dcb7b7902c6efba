"""Parses the command line: the parser that argparse-dataclass makes of the flags, their groups, and the examples.

Importing this module must stay cheap: ``--help`` and ``--version`` load little else of lrestore.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from argparse_dataclass import ArgumentParser

from lrestore.cli.contradictions import complaint
from lrestore.cli.options import EXAMPLES, OUTPUT, Options
from lrestore.cli.print_flags import CONFIGS, SHELLS, PrintCompletion, PrintConfig
from lrestore.json_types import JsonObject
from lrestore.text.words import did_you_mean
from lrestore.version import __version__


class _Parser(ArgumentParser[Options]):  # type: ignore[misc]
    """Puts each flag into its group, and adds ``action`` and ``const``, which argparse-dataclass does not support."""

    def __init__(self) -> None:
        self._by_name = {option.name: option for option in fields(Options)}
        self._groups: JsonObject = {}
        super().__init__(
            Options,
            prog="lrestore",
            usage="%(prog)s [--config FILE] --select SPEC [--plan | --verify] [more flags]\n"
            "       %(prog)s --show WHAT [--format table|json|csv]",
            description="Restores Looker content from a LookerVault backup into a running Looker.",
            epilog=EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self._group(OUTPUT).add_argument("--version", action="version", version=f"%(prog)s {__version__}")
        printing: JsonObject = {"default": argparse.SUPPRESS, "dest": argparse.SUPPRESS}
        self._group(OUTPUT).add_argument(
            "--print-config",
            action=PrintConfig,
            choices=CONFIGS,
            help="print a settings file to begin with: of the demo, or with every setting",
            **printing,
        )
        self._group(OUTPUT).add_argument(
            "--print-completion",
            action=PrintCompletion,
            choices=SHELLS,
            help="print a completion script for this shell",
            **printing,
        )

    def parse_known_args(self, *args: Any, **settings: Any) -> tuple[Options, list[str]]:
        """As argparse, but a flag that does not exist ends the program here, with the nearest one in the message."""
        options, unknown = super().parse_known_args(*args, **settings)
        if unknown:
            self.error(self._unknown(unknown))
        return options, unknown

    def _unknown(self, words: Sequence[str]) -> str:
        known = [name for action in self._actions for name in action.option_strings]
        odd = next((word for word in words if word.startswith("-")), "")
        meant = did_you_mean(odd.partition("=")[0], known) if odd else ""
        hint = f"; {meant}" if meant else "" if odd else "; SPECs follow --select: --select dashboard=42"
        return f"unrecognized arguments: {' '.join(words)}{hint}"

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """As argparse, with the nearest of the choices in the message."""
        if action.choices is None or value in action.choices:
            return
        choices = [str(choice) for choice in action.choices]
        meant = did_you_mean(str(value), choices)
        hint = f"; {meant}" if meant else ""
        raise argparse.ArgumentError(action, f"invalid choice: {value!r} (choose from {', '.join(choices)}){hint}")

    def add_argument(self, *names: Any, **settings: Any) -> argparse.Action:
        option = self._by_name.get(settings.get("dest", names[-1].lstrip("-").replace("-", "_")))
        if option is None:
            return super().add_argument(*names, **settings)  # type: ignore[no-any-return]
        settings["default"] = argparse.SUPPRESS
        settings |= {key: option.metadata[key] for key in ("action", "const") if key in option.metadata}
        return self._group(option.metadata["group"]).add_argument(*names, **settings)  # type: ignore[no-any-return]

    def _group(self, title: str) -> Any:
        if title not in self._groups:
            self._groups[title] = self.add_argument_group(title)
        return self._groups[title]


def parse_command_line(argv: Sequence[str] | None = None) -> Options:
    """Parse the command line. SystemExit 0 for ``--help`` and ``--version``, 2 with a message for a wrong one."""
    parser = _Parser()
    options: Options = parser.parse_args(argv)
    wrong = complaint(options)
    if wrong:
        parser.error(wrong)
    return options
