"""Finding users: addresses without regard to case, other credentials, everybody at once when that is cheaper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from lrestore.errors import ForbiddenError, NotFoundError
from lrestore.json_types import JsonObject
from lrestore.looker.read.users import People, credentials_of, emails_of


class Everybody:
    """A Looker that knows users and nothing else."""

    def __init__(self, rows: list[JsonObject], *, closed: bool = False) -> None:
        self.rows = rows
        self.closed = closed
        self.calls: Counter[str] = Counter()

    def call(self, operation_id: str, *, path: Mapping[str, str] = {}, **_: object) -> Any:
        self.calls[operation_id] += 1
        wanted = (path["credential_type"], path["credential_id"])
        for row in self.rows:
            if wanted in credentials_of(row):
                return row
        raise NotFoundError("404")

    def pages(self, operation_id: str, query: Mapping[str, Any]) -> Iterator[JsonObject]:
        self.calls[operation_id] += 1
        if operation_id == "all_users":
            if self.closed:
                raise ForbiddenError("403")
            yield from self.rows
        elif "email" in query:
            yield from (row for row in self.rows if str(row.get("email")).lower() == query["email"].lower())
        else:
            yield from self.rows


def user(user_id: str, email: str = "", **more: Any) -> JsonObject:
    login = {"email": email} if email else None
    return {"id": user_id, "email": email or None, "credentials_email": login, **more}


def people(rows: list[JsonObject], *, closed: bool = False) -> tuple[People, Everybody]:
    looker = Everybody(rows, closed=closed)
    return People(looker, looker.pages), looker


def test_addresses_are_compared_without_case() -> None:
    found, _ = people([user("1", "Ada@Example.com")])
    assert [row["id"] for row in found.by_email(" ada@example.COM")] == ["1"]


def test_an_address_counts_whatever_login_it_belongs_to() -> None:
    saml = user("2", credentials_saml={"saml_user_id": "x", "email": "Bo@example.com"})
    assert emails_of(saml) == ("bo@example.com",)
    assert emails_of(user("1", "a@b.c", credentials_google={"email": "d@e.f"})) == ("a@b.c", "d@e.f")


def test_a_pattern_that_matches_more_is_compared_exactly() -> None:
    found, _ = people([user("1", "a_b@example.com"), user("2", "axb@example.com")])
    assert [row["id"] for row in found.by_email("a_b@example.com")] == ["1"]


def test_many_look_ups_read_everybody_once() -> None:
    found, looker = people([user(str(number), f"u{number}@example.com") for number in range(100)])
    assert [found.by_email(f"u{number}@example.com")[0]["id"] for number in range(100)] == list(map(str, range(100)))
    assert looker.calls["all_users"] == 1
    assert looker.calls["search_users"] <= 10


@pytest.mark.parametrize("closed", [True, False])
def test_who_is_not_in_the_listing_is_searched_for_all_the_same(closed: bool) -> None:
    """It may leave users out, or be older than they."""
    found, looker = people([user(str(number), f"u{number}@example.com") for number in range(30)], closed=closed)
    for number in range(30):
        found.by_email(f"u{number}@example.com")
    looker.rows.append(user("99", "new@example.com"))
    assert [row["id"] for row in found.by_email("new@example.com")] == ["99"]


def test_credentials_are_known_from_the_listing_too() -> None:
    embed = user("7", credentials_embed=[{"external_user_id": "ext"}])
    found, looker = people([embed])
    for _ in range(20):
        assert found.by_credential("embed", "ext") == embed
    assert looker.calls["user_for_credential"] == 10
    assert found.by_credential("embed", "nobody") is None


def test_only_users_without_any_credentials_count_as_left_behind() -> None:
    named: JsonObject = {"first_name": "Ada", "last_name": None}
    rows = [
        user("1", **named),
        user("2", "a@b.c", **named),
        user("3", credentials_api3=[{"id": "1"}], **named),
        user("4", credentials_embed=[{"external_user_id": "x"}], **named),
        user("5", first_name="Ada", last_name="Lovelace"),
    ]
    found, _ = people(rows)
    assert [row["id"] for row in found.without_credentials("Ada", None)] == ["1"]
