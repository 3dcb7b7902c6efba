"""The throughput as an inline SVG: calls and items per second, the rate limit, and when Looker refused calls.

Only coordinates and labels are computed here; the template draws them.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import msgspec

from lrestore.report.model import Sample, Throughput
from lrestore.text.words import duration

WIDTH, HEIGHT = 720.0, 200.0
"""The plotting area, in units of the SVG's view box."""
_ENOUGH_SAMPLES, _ENOUGH_S = 3, 2.0
_HIGHEST_OVER_CALLS = 2.0
"""A limit far above the calls is cut off: it would flatten the other lines."""


class Line(msgspec.Struct, frozen=True):
    """One series. ``points`` is the attribute of an SVG polyline; ``most`` the largest value."""

    name: str
    style: str
    points: str
    most: float


class Mark(msgspec.Struct, frozen=True):
    """A label on an axis, at this coordinate."""

    at: float
    text: str


class Plot(msgspec.Struct, frozen=True):
    """All that is drawn. ``refused``: x coordinates of the times at which Looker refused calls."""

    lines: tuple[Line, ...]
    refused: tuple[float, ...]
    below: tuple[Mark, ...]
    beside: tuple[Mark, ...]
    caption: str


def plot(throughput: Throughput) -> Plot | None:
    """The plot; None for a run that is too short for one."""
    samples = [sample for sample in throughput.timeline if sample[0] > 0]
    if len(samples) < _ENOUGH_SAMPLES or samples[-1][0] < _ENOUGH_S:
        return None
    end_s = samples[-1][0]
    calls, items = _rates(samples, 2), _rates(samples, 1)
    highest = max(*(value for _, value in (*calls, *items)), 1.0)
    limits = [(at, limit) for at, _, _, limit in samples if limit is not None]
    top = max(highest, *(min(limit, _HIGHEST_OVER_CALLS * highest) for _, limit in limits)) if limits else highest
    lines = [
        _line("calls per second", "calls", calls, end_s, top),
        _line("items per second", "items", items, end_s, top),
    ]
    if limits:
        lines.append(_line("rate limit", "limit", limits, end_s, top))
    return Plot(
        lines=tuple(lines),
        refused=tuple(_x(at, end_s) for at, _ in throughput.refused if at <= end_s),
        below=tuple(Mark(_x(end_s * part / 4, end_s), duration(end_s * part / 4)) for part in range(5)),
        beside=tuple(Mark(_y(top * part / 4, top), f"{top * part / 4:.0f}") for part in range(5)),
        caption=f"{throughput.calls_per_s:.1f} calls and {throughput.items_per_s:.1f} items per second on average, "
        f"{max(value for _, value in calls):.0f} calls per second at most, over {duration(end_s)}",
    )


def _rates(samples: Sequence[Sample], column: int) -> list[tuple[float, float]]:
    """Increase per second of a column between two samples."""
    pairs = itertools.pairwise(samples)
    return [
        (later[0], max(0.0, (float(later[column] or 0) - float(earlier[column] or 0)) / (later[0] - earlier[0])))
        for earlier, later in pairs
        if later[0] > earlier[0]
    ]


def _line(name: str, style: str, values: Sequence[tuple[float, float]], end_s: float, top: float) -> Line:
    points = " ".join(f"{_x(at, end_s):.1f},{_y(min(value, top), top):.1f}" for at, value in values)
    return Line(name, style, points, max(value for _, value in values))


def _x(at: float, end_s: float) -> float:
    return round(WIDTH * at / end_s, 1)


def _y(value: float, top: float) -> float:
    return round(HEIGHT * (1 - value / top), 1)
