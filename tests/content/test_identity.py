"""When is a live object the backed-up one: the proof is ``created_at``, never the id alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lrestore.content.identity import Specimen, judge_instance, same_origin
from lrestore.messages import ItemKey

BORN = datetime(2024, 3, 5, 6, 7, 8, 123000, tzinfo=UTC)
LATER = BORN + timedelta(days=1)


def specimen(live: datetime | None, *, exists: bool = True) -> Specimen:
    return Specimen(ItemKey("dashboard", "42"), "Sales", BORN, live, exists)


def test_more_agreeing_than_disagreeing_creation_times_mean_the_same_instance() -> None:
    assert judge_instance([specimen(BORN), specimen(BORN), specimen(LATER)]).instance == "same"


def test_ids_that_belong_to_other_objects_mean_another_instance_with_evidence() -> None:
    """B3: an existing id of another instance is an unrelated object, which must not be overwritten."""
    judgement = judge_instance([specimen(LATER), specimen(None, exists=False)])
    assert judgement.instance == "other"
    assert "dashboard=42 ('Sales')" in judgement.evidence[0]


def test_a_draw_is_not_proof_of_the_same_instance() -> None:
    assert judge_instance([specimen(BORN), specimen(LATER)]).instance == "other"


def test_nothing_to_compare_is_undecided() -> None:
    assert judge_instance([specimen(None, exists=False), specimen(None)]).instance == "undecided"
    assert judge_instance([]).instance == "undecided"


def test_origin_is_compared_across_notations_and_rounded_seconds() -> None:
    assert same_origin(BORN, "2024-03-05T08:07:08.123+02:00") is True
    assert same_origin(BORN, "2024-03-05T06:07:08Z") is True
    assert same_origin(BORN, "2024-03-05T06:07:10Z") is False
    assert same_origin(None, BORN) is None
    assert same_origin("not a date", BORN) is None


@given(st.lists(st.sampled_from(["agree", "disagree", "absent"])))
def test_the_judgement_follows_the_majority(kinds: list[str]) -> None:
    made = {"agree": specimen(BORN), "disagree": specimen(LATER), "absent": specimen(None, exists=False)}
    judgement = judge_instance(made[kind] for kind in kinds)
    agree, disagree = kinds.count("agree"), kinds.count("disagree")
    assert (judgement.agree, judgement.disagree, judgement.absent) == (agree, disagree, kinds.count("absent"))
    expected = "same" if agree > disagree else "other" if disagree else "undecided"
    assert judgement.instance == expected
