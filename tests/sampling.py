"""A representative part of a product of cases for the suite; all of it with ``--full`` (``nox -s nightly``)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet

nightly = pytest.mark.nightly
"""Left out unless ``--full`` is given."""


def every_value(*axes: Sequence[Any]) -> list[ParameterSet]:
    """All combinations. The suite runs as many as the longest axis has values, and each value of each axis occurs."""
    longest = max(len(axis) for axis in axes)
    kept = {tuple(step % len(axis) for axis in axes) for step in range(longest)}
    places = product(*(range(len(axis)) for axis in axes))
    return [
        pytest.param(
            *(axis[place] for axis, place in zip(axes, chosen, strict=True)), marks=() if chosen in kept else nightly
        )
        for chosen in places
    ]


def one_of(values: Sequence[Any], suite: int = 1) -> list[ParameterSet]:
    """The suite runs the first ``suite`` of these values."""
    return [pytest.param(value, marks=() if number < suite else nightly) for number, value in enumerate(values)]
