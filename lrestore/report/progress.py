"""Progress of a run (FR-029): a bar on a terminal, otherwise a line every few seconds."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol, TextIO

from lrestore.report.speed import PerSecond, Speed, Standing, TimeLeft
from lrestore.text.words import duration

log = logging.getLogger(__name__)

LINE_EVERY_S = 5.0
_A_MINUTE_S = 59.5
_LEAST_BAR = 6
"""Columns of a bar that still shows something."""


class ProgressDisplay(Protocol):
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

    def __init__(self, progress: ProgressDisplay) -> None:
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
            self._tell(
                progress_line(self._unsaid, self._total, self._speed.per_second(), self._left.seconds(self._total))
            )
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
        total = self._bar.total or 0
        counts = len(f"100%  {total}/{total} items, ")
        width = terminal_width(self._stream)
        room = max(width - counts - _LEAST_BAR, 1) if width else None
        return progress_details(standing, self._speed.per_second(), self._left.seconds(total), room)

    def _add(self, standing: Standing) -> None:
        now_s = self._monotonic()
        self._speed.add(now_s, standing)
        self._left.add(now_s, standing.items)


def terminal_width(stream: TextIO) -> int:
    """The columns of the terminal behind ``stream``; 0 where it tells none."""
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return 0


def progress_on(stream: TextIO, *, quiet: bool = False, tell: Callable[[str], None] | None = None) -> ProgressDisplay:
    """The progress display for a stream: silent, bar or lines. ``tell``, if given, receives the lines."""
    if quiet:
        return Silent(lambda text: stream.write(f"{text}\n"))
    return Bar(stream) if stream.isatty() else Lines(stream, tell=tell)


def progress_line(standing: Standing, total: int, speed: PerSecond, left_s: float | None) -> str:
    """One progress line: ``500/1000 items, ok 498, failed 2, ...``."""
    return f"{standing.items}/{total} items, {progress_details(standing, speed, left_s)}"


def progress_details(standing: Standing, speed: PerSecond, left_s: float | None, room: int | None = None) -> str:
    """Counts, speed, current limit, calls in flight, and the time left. In ``room`` columns as many of them as fit,
    the least important left out: failures and the time left stay longest.
    """
    limit = "none" if standing.limit is None else f"{standing.limit:.0f}/s"
    parts = {
        f"ok {standing.ok}": 3,
        f"skipped {standing.skipped}" if standing.skipped else "": 5,
        f"failed {standing.failed}": 1,
        f"{speed.items:.1f} items/s": 4,
        f"{speed.calls:.1f} calls/s": 6,
        f"limit {limit}": 8,
        f"in flight {standing.in_flight}": 7,
        f"{_rounded(left_s)} left" if left_s is not None else "": 2,
    }
    parts.pop("", None)
    while room is not None and len(parts) > 1 and len(", ".join(parts)) > room:
        del parts[max(parts, key=parts.__getitem__)]
    return ", ".join(parts)


def _rounded(seconds: float) -> str:
    """An estimate, without fractions of seconds."""
    return duration(round(seconds)) if seconds >= _A_MINUTE_S else f"{max(round(seconds), 1)} s"
