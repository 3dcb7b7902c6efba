"""What a selection names and the backup lacks, or has in another state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lrestore.errors import UsageError
from lrestore.filters import Filters
from lrestore.run.request import RunRequest
from lrestore.run.select.choose import choose
from lrestore.vault.reader import Vault
from tests.vault.builder import build, named, row_of


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    rows = [
        row_of("user", id="7", content={"id": "7", "email": "Ada@example.com"}),
        row_of("look", owner_id=7, content={"id": "1", "title": "Hers", "user_id": "7"}),
        row_of("look", id="2", owner_id=8, content={"id": "2", "title": "Another's", "user_id": "8"}),
        row_of("group", id="3", content=named("3"), deleted_at="2026-01-01T00:00:00+00:00"),
    ]
    with Vault.open([str(build(tmp_path_factory.mktemp("vault") / "vault.db", rows))]) as opened:
        yield opened


def request(*select: str, filters: Filters | None = None) -> RunRequest:
    return RunRequest(mode="dry-run", select=select, filters=filters or Filters())


@pytest.mark.parametrize("owner", ["7", "ada@EXAMPLE.com"])
def test_an_owner_is_an_id_or_an_address_in_any_case(vault: Vault, owner: str) -> None:
    chosen = choose(vault, request("look", filters=Filters(owner=owner)))
    assert [str(key) for key in chosen.keys] == ["look=1"]


def test_an_address_that_no_user_has_is_a_usage_error(vault: Vault) -> None:
    with pytest.raises(UsageError, match=r"--owner bob@example\.com: the backup holds no user"):
        choose(vault, request("look", filters=Filters(owner="bob@example.com")))


def test_named_items_that_are_not_there_are_dead_letters_with_a_remedy(vault: Vault) -> None:
    missing = choose(vault, request("group=3", "look=7", "board=99")).missing
    assert [one.reason for one in missing] == [
        "group=3 is marked deleted in the backup (add --include-deleted to restore it)",
        "look=7 is not in the backup (the backup holds a user with that id)",
        "board=99 is not in the backup (--show source lists the backup's items)",
    ]


def test_a_deleted_item_is_just_not_selected_where_filters_narrow_the_selection(vault: Vault) -> None:
    chosen = choose(vault, request("look=1", "group=3", filters=Filters(name="*")))
    assert chosen.missing == [] and [str(key) for key in chosen.keys] == ["look=1"]


@pytest.mark.parametrize(("content", "why"), [(None, "No such file"), (b"look=\xff", "it is not UTF-8 text")])
def test_a_selection_file_that_cannot_be_read_is_named(
    vault: Vault, tmp_path: Path, content: bytes | None, why: str
) -> None:
    file = tmp_path / "list"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError, match=f"selection file {file} cannot be read: {why}"):
        choose(vault, request(f"@{file}"))
