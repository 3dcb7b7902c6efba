"""Fingerprints of queries are equal for equivalent queries."""

from __future__ import annotations

from lrestore.content.shapes.query import Query
from lrestore.restoration.identify.queries import definition, fingerprint

ASKED: Query = {
    "model": "m",
    "view": "v",
    "fields": ["v.id"],
    "vis_config": {"label_density": 25, "steps": [1, 2.5, True]},
}


def test_a_whole_number_is_the_same_with_and_without_its_decimal_point() -> None:
    """A backup has 1 if Looker answers 1.0."""
    told: Query = {**ASKED, "vis_config": {"label_density": 25.0, "steps": [1.0, 2.5, True]}}
    assert fingerprint(ASKED) == fingerprint(told)


def test_booleans_are_no_numbers_and_fractions_differ() -> None:
    other: Query = {**ASKED, "vis_config": {"label_density": 25, "steps": [1, 2, True]}}
    bent: Query = {**ASKED, "vis_config": {"label_density": 25, "steps": [1, 2.5, 1]}}
    assert len({fingerprint(ASKED), fingerprint(other), fingerprint(bent)}) == 3


def test_sent_numbers_are_those_of_the_backup() -> None:
    told: Query = {**ASKED, "vis_config": {"label_density": 25.0}}
    assert repr((definition(told)["vis_config"] or {})["label_density"]) == "25.0"
