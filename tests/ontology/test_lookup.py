"""The words by which people name content types."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrestore.errors import UsageError
from lrestore.ontology import CONTENT_TYPES, content_type


@given(st.sampled_from(sorted(CONTENT_TYPES)), st.booleans(), st.sampled_from(["_", "-", " ", ""]), st.randoms())
def test_any_case_plural_and_joint_is_understood(name: str, plural: bool, joint: str, chance: object) -> None:
    word = (f"{name}s" if plural else name).replace("_", joint)
    written = "".join(letter.upper() if chance.random() < 0.5 else letter for letter in word)  # type: ignore[attr-defined]
    assert content_type(f" {written} ").name == name


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("dashbord", "dashboard"),
        ("lookmodel", "lookml_model"),
        ("Schedules-plans", "scheduled_plan"),
        ("rolse", "role"),
    ],
)
def test_a_slip_of_the_pen_names_the_nearest_type(slip: str, meant: str) -> None:
    with pytest.raises(UsageError, match=f"did you mean {meant}\\?") as caught:
        content_type(slip)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("word", ["", "s", "42", "wolf", "dashboard=1", "all"])
def test_an_unknown_word_names_all_twelve(word: str) -> None:
    with pytest.raises(UsageError) as caught:
        content_type(word)
    assert repr(word) in str(caught.value)
    assert all(name in str(caught.value) for name in CONTENT_TYPES)
