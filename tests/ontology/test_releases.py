"""Facts about Looker's releases."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrestore.ontology import fields, releases
from tests.ontology.test_fields import sdk_release

RELEASES = st.tuples(st.integers(22, 30), st.integers(0, 24), st.integers(0, 120))


@given(RELEASES, RELEASES)
def test_releases_compare_by_number(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    assert releases.at_least(".".join(map(str, one)), ".".join(map(str, other))) == (one >= other)


@pytest.mark.parametrize(
    ("release", "floor", "expected"),
    [
        ("26.12.3", "26.8", True),
        ("26.8.3", "26.12", False),
        ("26.8", "26.8", True),
        ("26.8.0", "26.8", True),
        ("25.20", "26.0", False),
        ("26.12.3-beta", "26.12", True),
        ("", "22.4", False),
        ("unknown", "22.4", False),
    ],
)
def test_a_release_is_at_least_another(release: str, floor: str, expected: bool) -> None:
    assert releases.at_least(release, floor) is expected


def test_owners_can_be_written_only_by_late_releases() -> None:
    """Edge case: fields that the destination's version does not support are skipped with a warning."""
    assert releases.WRITABLE_SINCE["Dashboard.user_id"] == "26.8"
    assert releases.WRITABLE_SINCE["Board.user_id"] == "26.10"
    assert releases.WRITABLE_SINCE["DashboardLayoutComponent.deleted"] == "26.8"


@pytest.mark.parametrize("name", sorted(releases.INTRODUCED))
def test_every_field_that_a_release_brought_is_in_the_sdk(name: str) -> None:
    schema, field = name.split(".")
    since = releases.WRITABLE_SINCE.get(name, releases.INTRODUCED[name])
    if releases.at_least(sdk_release(), since):
        assert field in {attribute.name for attribute in attrs.fields(fields.sdk_model(schema))}


@pytest.mark.parametrize(("name", "since"), releases.WRITABLE_SINCE.items())
def test_a_field_becomes_writable_after_it_came(name: str, since: str) -> None:
    schema, field = name.split(".")
    assert releases.at_least(since, releases.INTRODUCED.get(name, "22.4"))
    assert field in fields.writable(schema) or not releases.at_least(sdk_release(), since)


@pytest.mark.parametrize(
    ("name", "release"),
    [
        ("Dashboard.title", None),
        ("DashboardElement.dashboard_layout_id", "25.20"),
        ("User.can_manage_api3_creds", "25.12"),
        ("DashboardElement.image_id", "26.14"),
        ("Dashboard.layout_granularity", "26.0"),
    ],
)
def test_a_field_proves_the_lowest_release_that_can_have_shown_it(name: str, release: str | None) -> None:
    """Overrating the backup's release would take fields it never knew for null, and erase them."""
    schema, _, field = name.partition(".")
    assert releases.proven_by({schema: [field]}) == ([] if release is None else [release])


@pytest.mark.parametrize("name", sorted(releases.INTRODUCED))
def test_what_a_field_proves_is_never_later_than_the_release_that_surely_has_it(name: str) -> None:
    schema, _, field = name.partition(".")
    (proven,) = releases.proven_by({schema: [field]})
    assert releases.at_least(releases.INTRODUCED[name], proven)
