"""The pages for users say what is so: every flag, setting and key of the report, and no link to what is not there."""

from __future__ import annotations

import re
import shlex
import typing
from pathlib import Path

import msgspec
import pytest

import lrestore
from docs.generate.settings import page as page_of_settings
from lrestore.cli.command_line import _Parser, parse_command_line
from lrestore.report.model import Report
from lrestore.settings.model import SECTIONS

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_FLAG = re.compile(r"(?<![\w-])(--[a-z][a-z-]+|-[vqh])\b")
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#([\w-]+))?\)")
_COMMAND = re.compile(r"^(?:\.venv/bin/)?lrestore (--.*?)(?:\s+#.*)?$", re.MULTILINE)
_FILE = re.compile(r"`((?:lrestore|tests|docs|conf|bench)/[\w./-]+(?:\.\w+|/))`")
_TEST = re.compile(r"`((?:\w+/)*(?:test_\w+\.py|\w+/))`")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def flags() -> set[str]:
    return {option for action in _Parser()._actions for option in action.option_strings}


def test_every_flag_is_explained_and_no_other() -> None:
    named = set(_FLAG.findall(text("docs/usage.md")))
    assert flags() - named == set()
    assert {flag for flag in named if flag.startswith("--")} - flags() == set()


def settings() -> dict[str, str]:
    found = {}
    for section, struct in SECTIONS.items():
        for field in msgspec.structs.fields(typing.cast("type[msgspec.Struct]", struct)):
            default = [] if field.default is msgspec.NODEFAULT else field.default
            found[f"{section}.{field.name}"] = msgspec.json.encode(default).decode()
    return found


def test_every_setting_is_explained_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+\.\w+)` \| `([^`]*)` \|", text("docs/settings.md"), re.MULTILINE))
    assert rows == settings()


def test_the_page_of_the_settings_is_made_from_their_types() -> None:
    """``python -m docs.generate.settings`` makes it anew."""
    assert page_of_settings() == text("docs/settings.md")


def test_the_example_names_every_setting() -> None:
    example = text("conf/prod.toml")
    missing = [
        name for name in settings() if not re.search(rf"^(# )?{name.partition('.')[2]} = ", example, re.MULTILINE)
    ]
    assert missing == []


def test_every_key_of_the_report_is_explained() -> None:
    first = re.findall(r"^\| (`.*?`) \|", text("docs/report.md").partition("## Summary")[0], re.MULTILINE)
    named = {name for cell in first for name in re.findall(r"`(\w+)`", cell)}
    assert named == set(Report.__struct_fields__)


def rows_of(page: str) -> dict[str, str]:
    """The rows of all tables by their first name."""
    return {name: row for row, name in re.findall(r"^(\| `(\w+)`.*)$", text(page), re.MULTILINE)}


def test_every_part_of_the_report_is_explained_in_the_row_of_its_key() -> None:
    rows = rows_of("docs/report.md")
    unexplained = [
        f"{field.name}.{part}"
        for field in msgspec.structs.fields(Report)
        for kind in (field.type, *typing.get_args(field.type))
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
        for part in kind.__struct_fields__
        if f"`{part}`" not in rows["totals" if field.name == "by_type" else field.name]
    ]
    assert unexplained == []


def test_every_event_is_explained_with_its_fields() -> None:
    rows = rows_of("docs/report.md")
    for kind in typing.get_args(lrestore.AnyEvent):
        event = kind.__struct_config__.tag
        named = set(re.findall(r"`(\w+)`", rows[event])) - {event, kind.__name__}
        assert named >= set(kind.__struct_fields__) - {"version", "at", "session_id"}, event


def test_links_and_commands_are_found_in_the_pages() -> None:
    """A pattern that finds none would let the two tests below pass."""
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert _LINK.findall(pages) and _COMMAND.findall(pages)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, anchor in _LINK.findall(page.read_text(encoding="utf-8")):
        if target.startswith("http"):
            continue
        found = (page.parent / target).resolve()
        assert found.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-") for head in heads}


def test_every_page_is_in_the_navigation_of_the_site() -> None:
    """A page outside of it ends the build of the site."""
    listed = set(re.findall(r"^ +- (?:[^:\n]+: )?([\w/-]+\.md)$", text("mkdocs.yml"), re.MULTILINE))
    docs = ROOT / "docs"
    assert {str(page.relative_to(docs)) for page in docs.rglob("*.md")} == listed


def is_understood(argv: list[str]) -> bool:
    try:
        parse_command_line(argv)
    except SystemExit as end:  # --version, --print-config
        return not end.code
    return True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_shown_is_understood(page: Path) -> None:
    for line in _COMMAND.findall(page.read_text(encoding="utf-8")):
        if not set(line) & set("[|"):
            command = re.split(r" \\$| (?:&&|;|2?>) ", line)[0]
            assert is_understood(shlex.split(command)), command


def test_the_tests_that_are_named_are_there() -> None:
    named = set(_TEST.findall(text("docs/testing.md")))
    assert len(named) > 20
    assert [name for name in named if not (ROOT / "tests" / name.removeprefix("tests/")).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_files_that_are_named_are_there(page: Path) -> None:
    named = set(_FILE.findall(page.read_text(encoding="utf-8")))
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_map_of_the_folders_names_every_folder() -> None:
    """Each package of lrestore, and each package in these except the simulator's; braces name several at once."""
    rows = re.findall(r"^\| `([\w/{},]+)/` \|", text("docs/architecture.md"), re.MULTILINE)
    named = {name for row in rows for name in _spelt_out(row)}
    package = ROOT / "lrestore"
    folders = {file.parent.relative_to(package) for file in package.rglob("__init__.py")}
    expected = {
        str(one) for one in folders if len(one.parts) == 1 or (len(one.parts) == 2 and one.parts[0] != "simulator")
    }
    assert expected == named


def _spelt_out(row: str) -> list[str]:
    before, brace, names = row.partition("{")
    return [before + name for name in names.rstrip("}").split(",")] if brace else [row]
