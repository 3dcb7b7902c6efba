"""docs/ontology.md is generated from the table, and is up to date."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lrestore.ontology import CONTENT_TYPES, PARTS, fields
from lrestore.ontology.document import WRITABLE, render
from lrestore.ontology.releases import INTRODUCED, at_least
from tests.ontology.test_fields import sdk_release

PAGE = Path(__file__).parents[2] / "docs" / "ontology.md"
NEWEST_KNOWN = max(
    (release for release in INTRODUCED.values()), key=lambda release: tuple(map(int, release.split(".")))
)


def without_sdk(page: str) -> list[str]:
    """The page without the lists of fields that an older or newer SDK may know otherwise."""
    return [line for line in page.splitlines() if not line.startswith(WRITABLE)]


def test_the_page_is_what_the_table_says() -> None:
    """Run ``python -m lrestore.ontology > docs/ontology.md`` when this fails."""
    assert without_sdk(PAGE.read_text(encoding="utf-8")) == without_sdk(render())


def test_the_pages_lists_of_fields_are_those_of_the_sdk() -> None:
    written = {line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(WRITABLE)}
    assert len(written) == len([entry for entry in CONTENT_TYPES.values() if entry.update_schema]) + len(PARTS)
    if at_least(sdk_release(), NEWEST_KNOWN) and not at_least(sdk_release(), "26.23"):
        assert written == {line for line in render().splitlines() if line.startswith(WRITABLE)}


def test_the_page_tells_of_every_type_and_part() -> None:
    page = render()
    assert all(f"\n## {name}\n" in page for name in CONTENT_TYPES)
    assert all(f"\n### {name}\n" in page for name in PARTS)
    assert "| `dashboard_elements[].look_id` | look | hard |" in page
    assert all(f"`{name}`" in page for name in fields.writable("Dashboard"))


def test_the_page_is_printed_by_the_package() -> None:
    done = subprocess.run([sys.executable, "-m", "lrestore.ontology"], capture_output=True, text=True, check=True)
    assert done.stdout == render()
    assert not done.stderr
