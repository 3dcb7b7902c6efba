"""Fingerprints of queries: equal for queries that ask the same."""

from __future__ import annotations

from lrestore.restoration.identify.queries import definition, fingerprint

ASKED = {"model": "m", "view": "v", "fields": ["v.id"], "vis_config": {"label_density": 25, "steps": [1, 2.5, True]}}


def test_a_whole_number_is_the_same_with_and_without_its_decimal_point() -> None:
    """A backup holds 1 where Looker answers 1.0."""
    told = {**ASKED, "vis_config": {"label_density": 25.0, "steps": [1.0, 2.5, True]}}
    assert fingerprint(ASKED) == fingerprint(told)


def test_true_is_no_number_and_halves_count() -> None:
    other = {**ASKED, "vis_config": {"label_density": 25, "steps": [1, 2, True]}}
    bent = {**ASKED, "vis_config": {"label_density": 25, "steps": [1, 2.5, 1]}}
    assert len({fingerprint(ASKED), fingerprint(other), fingerprint(bent)}) == 3


def test_what_is_sent_keeps_the_numbers_as_they_were_backed_up() -> None:
    told = {**ASKED, "vis_config": {"label_density": 25.0}}
    assert repr(definition(told)["vis_config"]["label_density"]) == "25.0"
