"""Each error class has its paragraph in docs/troubleshooting.md, with the remedy that dead letters show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.errors import ItemError, LrestoreError, RunError

PAGE = (Path(__file__).parents[1] / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
PARAGRAPHS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))


def below(base: type[LrestoreError]) -> Iterator[type[LrestoreError]]:
    for one in base.__subclasses__():
        if one.__module__.startswith("lrestore.errors."):
            yield one
            yield from below(one)


ERRORS = {one.__name__: one for one in below(LrestoreError) if one is not RunError}


def test_every_error_has_its_paragraph_and_no_other() -> None:
    assert set(PARAGRAPHS) == set(ERRORS)


@pytest.mark.parametrize("name", sorted(PARAGRAPHS))
def test_a_paragraph_says_something_and_has_the_remedy(name: str) -> None:
    assert PARAGRAPHS[name].strip()
    error = ERRORS[name]
    if issubclass(error, ItemError):
        assert f"- **Remedy:** {error.remedy}\n" in PARAGRAPHS[name]
