"""docs/ontology.md is generated from the table, and is up to date."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from lrestore.ontology import CONTENT_TYPES, PARTS, ContentType, fields
from lrestore.ontology.document import FIELD, render
from lrestore.ontology.releases import INTRODUCED, at_least
from tests.ontology.test_fields import sdk_release

PAGE = Path(__file__).parents[2] / "docs" / "ontology.md"
NEWEST_KNOWN = max(
    (release for release in INTRODUCED.values()), key=lambda release: tuple(map(int, release.split(".")))
)


def without_sdk(page: str) -> list[str]:
    """The page without the rows of fields that an older or newer SDK may know otherwise."""
    return [line for line in page.splitlines() if not line.startswith(FIELD)]


def with_sdk(page: str) -> list[str]:
    return [line for line in page.splitlines() if line.startswith(FIELD)]


def section(title: str) -> dict[str, str]:
    """The page's treatment of each field of an object."""
    body = render().partition(f"# {title}\n")[2].partition("\n#")[0]
    rows = [line.split(" | ") for line in body.splitlines() if line.startswith(FIELD)]
    return {name: row[1] for row in rows for name in re.findall(r"`(\w+)`", row[0])}


def test_the_page_is_what_the_table_says() -> None:
    """Run ``python -m lrestore.ontology > docs/ontology.md`` when this fails."""
    assert without_sdk(PAGE.read_text(encoding="utf-8")) == without_sdk(render())


def test_the_pages_rows_of_fields_are_those_of_the_sdk() -> None:
    if at_least(sdk_release(), NEWEST_KNOWN) and not at_least(sdk_release(), "26.23"):
        assert with_sdk(PAGE.read_text(encoding="utf-8")) == with_sdk(render())


def test_the_page_tells_of_every_type_part_and_object_that_is_sent() -> None:
    page = render()
    assert CONTENT_TYPES and PARTS
    assert all(f"\n## {name}\n" in page for name in CONTENT_TYPES)
    assert all(f"\n### {name}\n" in page for name in PARTS)
    named = {entry.model for entry in CONTENT_TYPES.values()} | {part.model for part in PARTS.values()}
    bodies = {"UpdateFolder", "CreateFolder", "CreateDashboardFilter"}
    assert all(f"\n### {name}\n" in page for name in fields.sent_schemas() - named - bodies)


@pytest.mark.parametrize("entry", CONTENT_TYPES.values(), ids=CONTENT_TYPES)
def test_every_field_of_every_type_is_told_of_once(entry: ContentType) -> None:
    told = section(entry.name)
    assert told.keys() == fields.attributes(entry.model) | fields.writable(entry.update_schema or entry.model)
    assert f"Looker's API: {entry.limits[0]}" in render()


@pytest.mark.parametrize(
    ("title", "field", "words"),
    [
        ("dashboard", "title", "restored"),
        ("dashboard", "description", "restored, also to null"),
        ("dashboard", "folder_id", "rewritten reference to a folder, which must be there"),
        ("dashboard", "dashboard_elements", "restored with calls of its own, see dashboard_element"),
        ("dashboard", "view_count", "read-only"),
        ("dashboard", "certification_metadata", "left alone"),
        ("dashboard_element", "look_id", "rewritten reference to a look"),
        ("dashboard_element", "body_text", "may hide in the text"),
        ("dashboard_layout", "dashboard_layout_components", "see dashboard_layout_component"),
        ("ResultMakerFilterables", "listen", "though the specification marks it read-only"),
        ("board_section", "board_items", "see board_item"),
        ("board", "deleted_at", "restored, also to null"),
        ("user", "credentials_email", "see credentials_email"),
        ("user", "role_ids", "restored with calls of its own: each names a role"),
        ("lookml_model", "project_name", "names a project"),
        ("scheduled_plan", "run_once", "left alone: would run the plan"),
        ("ScheduledPlanDestination", "secret_parameters", "left alone"),
        ("explore", "fields", "read-only"),
    ],
)
def test_the_page_says_what_becomes_of_a_field(title: str, field: str, words: str) -> None:
    assert words in section(title)[field]


def test_the_page_says_since_when_a_field_can_be_written() -> None:
    assert re.search(r"\| `user_id` \| rewritten reference to a user \| 26\.8 \(can be written\) \|", render())


def test_the_page_is_printed_by_the_package() -> None:
    done = subprocess.run([sys.executable, "-m", "lrestore.ontology"], capture_output=True, text=True, check=True)
    assert done.stdout == render()
    assert not done.stderr
