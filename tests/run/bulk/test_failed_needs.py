"""Why an item fails without a call: the chain of items that it lacks."""

from __future__ import annotations

from itertools import pairwise

from lrestore.messages import ItemKey
from lrestore.run.bulk.failed_needs import FailedNeeds


def lost_chain(length: int) -> tuple[FailedNeeds, ItemKey]:
    """Folders that each lie in the next one; all but the first have failed."""
    keys = [ItemKey("folder", str(number)) for number in range(length + 1)]
    needs = {inner: (outer,) for inner, outer in pairwise(keys)}
    found = FailedNeeds(needs, frozenset(pairwise(keys)))
    for key in keys[1:]:
        found.lose(key, "refused")
    return found, keys[0]


def test_the_chain_is_named_down_to_the_failure() -> None:
    found, key = lost_chain(2)
    assert found.why(key) == (
        "folder=0 needs folder=1, which needs folder=2, which is not in the destination and could not be restored: "
        "refused"
    )
    assert found.why(ItemKey("folder", "9")) == ""


def test_a_long_chain_is_shortened_and_its_end_stays() -> None:
    found, key = lost_chain(60)
    assert "folder=49, which needs (10 more, each of which needs the next), which needs folder=60, which is not" in (
        found.why(key)
    )


def test_a_circle_of_failures_ends() -> None:
    one, other = ItemKey("look", "1"), ItemKey("look", "2")
    found = FailedNeeds({one: (other,), other: (one,)}, frozenset({(one, other), (other, one)}))
    found.lose(one, "refused")
    found.lose(other, "refused")
    assert found.why(one).startswith("look=1 needs look=2, which needs look=1, which is not")
