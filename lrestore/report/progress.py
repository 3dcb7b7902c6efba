"""Progress of a run (FR-029): a bar on a terminal, otherwise a line every few seconds."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol, TextIO

import msgspec

from lrestore.text.words import duration

log = logging.getLogger(__name__)

LINE_EVERY_S = 5.0
_A_MINUTE_S = 59.5
LEFT_HALF_LIFE_S = 30.0
RATE_WINDOW_S = 10.0  # speed of the last seconds: an average since the start would hide a run that has stalled


class Standing(msgspec.Struct, frozen=True):
    """The progress of a run. ``ok``: items that now equal the backup; ``limit``: allowed calls per second, None without
    a limit.
    """

    items: int = 0
    ok: int = 0
    failed: int = 0
    calls: int = 0
    limit: float | None = None
    in_flight: int = 0
    skipped: int = 0


class Progress(Protocol):
    """Display of progress. Call ``begin`` once, then ``show`` any number of times; ``say`` prints other lines."""

    def begin(self, total: int) -> None: ...

    def show(self, standing: Standing) -> None: ...

    def say(self, text: str) -> None: ...

    def end(self) -> None: ...


class Silent:
    """For ``--quiet`` and for use from Python: shows no progress, only passes lines to ``say``."""

    def __init__(self, say: Callable[[str], object] = lambda text: None) -> None:
        self._say = say

    def begin(self, total: int) -> None:
        """Nothing to show."""

    def show(self, standing: Standing) -> None:
        """Nothing to show."""

    def say(self, text: str) -> None:
        self._say(text)

    def end(self) -> None:
        """Nothing to show."""


class Harmless:
    """A wrapper whose errors never end a run: an error of ``progress`` is logged once, and the run goes on."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._failed = False

    def begin(self, total: int) -> None:
        self._try(lambda: self._progress.begin(total))

    def show(self, standing: Standing) -> None:
        self._try(lambda: self._progress.show(standing))

    def say(self, text: str) -> None:
        self._try(lambda: self._progress.say(text))

    def end(self) -> None:
        self._try(self._progress.end)

    def _try(self, tell: Callable[[], None]) -> None:
        try:
            tell()
        except Exception as error:  # noqa: BLE001 (an error of progress must not end a run)
            if not self._failed:
                self._failed = True
                log.warning("cannot show progress: %s: %s", type(error).__name__, error)


class Speed:
    """Items and calls per second over the last seconds."""

    def __init__(self, window_s: float = RATE_WINDOW_S) -> None:
        self._window_s = window_s
        self._points: deque[tuple[float, int, int]] = deque()

    def add(self, now_s: float, standing: Standing) -> None:
        self._points.append((now_s, standing.items, standing.calls))
        while len(self._points) > 2 and self._points[1][0] <= now_s - self._window_s:
            self._points.popleft()

    def per_second(self) -> tuple[float, float]:
        """(items/s, calls/s); zeros before two points are known."""
        (begin_s, items, calls), (end_s, items_now, calls_now) = self._points[0], self._points[-1]
        elapsed_s = end_s - begin_s
        if elapsed_s <= 0:
            return 0.0, 0.0
        return (items_now - items) / elapsed_s, (calls_now - calls) / elapsed_s


class TimeLeft:
    """The time left, from a smoothed rate: items end in bursts, and an estimate from one burst, or from a gap between
    two, would jump.

    The rate is an average whose weights halve every ``half_life_s`` seconds. Time before the start has no weight: at
    first it is the plain average.
    """

    def __init__(self, half_life_s: float = LEFT_HALF_LIFE_S) -> None:
        self._half_life_s = half_life_s
        self._last: tuple[float, int] | None = None
        self._items = 0.0
        self._seconds = 0.0

    def add(self, now_s: float, items: int) -> None:
        if self._last is not None:
            elapsed_s = max(now_s - self._last[0], 0.0)
            kept = 0.5 ** (elapsed_s / self._half_life_s)
            # Both sums lose weight at the same pace; their quotient is the rate.
            self._items = self._items * kept + (items - self._last[1])
            self._seconds = self._seconds * kept + elapsed_s
        self._last = (now_s, items)

    def seconds(self, total: int) -> float | None:
        """Until ``total`` items are done; None: nothing is left, or nothing is known yet."""
        if self._last is None or self._items <= 0 or total <= self._last[1]:
            return None
        return (total - self._last[1]) * self._seconds / self._items


class Lines:
    """One line every few seconds, and always a last one: for logs of cron jobs and CI."""

    def __init__(
        self,
        stream: TextIO,
        *,
        every_s: float = LINE_EVERY_S,
        monotonic: Callable[[], float] = time.monotonic,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        """``tell`` receives the progress lines; by default they are written to ``stream``."""
        self._stream = stream
        self._tell = tell or self.say
        self._every_s = every_s
        self._monotonic = monotonic
        self._total = 0
        self._speed, self._left = Speed(), TimeLeft()
        self._next_s = 0.0
        self._unsaid: Standing | None = None

    def begin(self, total: int) -> None:
        self._total = total
        self._speed, self._left = Speed(), TimeLeft()
        self._add(Standing())
        self._next_s = self._monotonic() + self._every_s

    def show(self, standing: Standing) -> None:
        now_s = self._monotonic()
        self._unsaid = standing
        self._add(standing)
        if now_s >= self._next_s:
            self._next_s = now_s + self._every_s
            self._line()

    def say(self, text: str) -> None:
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def end(self) -> None:
        self._line()

    def _line(self) -> None:
        if self._unsaid is not None:
            self._tell(line(self._unsaid, self._total, self._speed.per_second(), self._left.seconds(self._total)))
            self._unsaid = None

    def _add(self, standing: Standing) -> None:
        now_s = self._monotonic()
        self._speed.add(now_s, standing)
        self._left.add(now_s, standing.items)


class Bar:
    """A tqdm bar; other lines appear above it."""

    def __init__(self, stream: TextIO, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._monotonic = monotonic
        self._bar: Any = None
        self._speed, self._left = Speed(), TimeLeft()

    def begin(self, total: int) -> None:
        from tqdm import tqdm  # takes 40 ms, needed only on a terminal

        self.end()
        self._speed, self._left = Speed(), TimeLeft()
        self._add(Standing())
        # By default tqdm uses a lock that other processes share, and starts a thread: neither works with killed or
        # forked workers.
        tqdm.set_lock(threading.RLock())
        tqdm.monitor_interval = 0
        layout = "{percentage:3.0f}% {bar} {n_fmt}/{total_fmt} items{postfix}"
        self._bar = tqdm(total=total, file=self._stream, dynamic_ncols=True, bar_format=layout, leave=True)

    def show(self, standing: Standing) -> None:
        if self._bar is None:
            return
        self._add(standing)
        self._bar.set_postfix_str(self._details(standing), refresh=False)
        self._bar.update(standing.items - self._bar.n)

    def say(self, text: str) -> None:
        if self._bar is None:
            self._stream.write(f"{text}\n")
        else:
            self._bar.write(text, file=self._stream)

    def end(self) -> None:
        if self._bar is not None:
            self._bar.refresh()
            self._bar.close()
            self._bar = None

    def _details(self, standing: Standing) -> str:
        return details(standing, self._speed.per_second(), self._left.seconds(self._bar.total or 0))

    def _add(self, standing: Standing) -> None:
        now_s = self._monotonic()
        self._speed.add(now_s, standing)
        self._left.add(now_s, standing.items)


def progress_on(stream: TextIO, *, quiet: bool = False, tell: Callable[[str], None] | None = None) -> Progress:
    """The progress display for a stream: silent, bar or lines. ``tell``, if given, receives the lines."""
    if quiet:
        return Silent(lambda text: stream.write(f"{text}\n"))
    return Bar(stream) if stream.isatty() else Lines(stream, tell=tell)


def line(standing: Standing, total: int, speed: tuple[float, float], left_s: float | None) -> str:
    """One progress line: ``500/1000 items, ok 498, failed 2, ...``."""
    return f"{standing.items}/{total} items, {details(standing, speed, left_s)}"


def details(standing: Standing, speed: tuple[float, float], left_s: float | None) -> str:
    """Counts, speed, current limit, calls in flight, and the time left."""
    items_per_s, calls_per_s = speed
    limit = "none" if standing.limit is None else f"{standing.limit:.0f}/s"
    parts = [
        f"ok {standing.ok}",
        *([f"skipped {standing.skipped}"] if standing.skipped else []),
        f"failed {standing.failed}",
        f"{items_per_s:.1f} items/s",
        f"{calls_per_s:.1f} calls/s",
        f"limit {limit}",
        f"in flight {standing.in_flight}",
    ]
    if left_s is not None:
        parts.append(f"{_rounded(left_s)} left")
    return ", ".join(parts)


def _rounded(seconds: float) -> str:
    """An estimate is not told to hundredths of a second."""
    return duration(round(seconds)) if seconds >= _A_MINUTE_S else f"{max(round(seconds), 1)} s"
