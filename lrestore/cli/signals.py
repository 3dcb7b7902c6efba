"""SIGINT, SIGTERM, SIGHUP: the first one stops the run after the items in progress, the second ends it at once."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

from lrestore.streams import Unfailing

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """Context manager for a program that calls lrestore: Ctrl-C raises KeyboardInterrupt inside, and is never lost.

    Python drops an exception that a signal handler raises inside ``__del__`` or the callback of a weak reference
    (https://docs.python.org/3/library/signal.html#note-on-signal-handlers-and-exceptions). Calling this object returns
    True after a Ctrl-C, so that the run ends in order; on exit, KeyboardInterrupt is raised if no other exception is. A
    program that has a handler of its own, or calls from another thread than the main one, keeps its handler.
    """

    def __init__(self) -> None:
        self._came = False
        self._ours = False

    def __call__(self) -> bool:
        """Whether a Ctrl-C has arrived."""
        return self._came

    def __enter__(self) -> Self:
        default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        self._ours = default and threading.current_thread() is threading.main_thread()
        if self._ours:
            signal.signal(signal.SIGINT, self._on_signal)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if self._came and kind is None:
            raise KeyboardInterrupt

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._came = True
        signal.default_int_handler(number, frame)


class Stopping:
    """Context manager: while entered, signals are recorded instead of ending the program. Main thread only."""

    def __init__(
        self, again: str, resume: str, line: Callable[[str], str] = str, *, keeps_nothing: bool = False
    ) -> None:
        """``again`` is the command to run again before a session has begun, ``resume`` from then on. ``line`` formats a
        text for stderr. ``typed`` is the command as it was given. ``keeps_nothing``: nothing remains that could be
        resumed, as of a rehearsal.
        """
        self._keeps_nothing = keeps_nothing
        self._line = line
        self._again = self.typed = again
        self._resume = resume
        self._begun = False
        self._resumable = False
        self._retry = ""
        self._signal = 0
        self._idle = False
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        # Under nohup, SIGHUP is ignored from the start and stays ignored.
        heeded = [
            number for number in SIGNALS if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN
        ]
        self._before = {number: signal.signal(number, self._on_signal) for number in heeded}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def __call__(self) -> bool:
        """Whether a signal has arrived."""
        return self._signal != 0

    @property
    def exit_code(self) -> int:
        """130 after SIGINT, 143 after SIGTERM and SIGHUP (a closed terminal counts like SIGTERM)."""
        return _exit_code(self._signal or signal.SIGINT)

    def begun(self, session_id: str = "") -> None:
        """A session has begun and can be resumed."""
        self._begun = self._resumable = True

    def unresumable(self) -> None:
        """The session cannot be resumed any more."""
        self._resumable = False

    def failed(self, retry: str) -> None:
        """Some items of a finished run are dead letters; ``retry`` is the command that tries them again."""
        self._retry = retry

    @property
    def retry(self) -> str:
        """The last line on stderr of a finished run with dead letters; "" for any other."""
        return f"retry with: {self._retry}" if self._retry else ""

    @property
    def has_begun(self) -> bool:
        """Whether a session has begun: from then on, something may have been written."""
        return self._begun

    @property
    def last_words(self) -> str:
        """The last line on stderr of a run that can be resumed or run again."""
        if self._keeps_nothing:
            return f"nothing was kept; run again with: {self._again}"
        if self._begun and not self._resumable:
            return f"this session cannot be resumed; start a new one with: {self._again}"
        return "resume with: " + (self._resume if self._resumable else self._again)

    @contextmanager
    def nothing_under_way(self) -> Iterator[None]:
        """No work is in progress that must be finished: inside, the first signal raises KeyboardInterrupt.

        Entering raises it too if a signal has already arrived.
        """
        self._idle = True
        try:
            if self._signal:
                raise KeyboardInterrupt
            yield
        finally:
            self._idle = False

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if isinstance(sys.stderr, Unfailing):
            sys.stderr.stop_waiting()
        if self._signal:
            # Bypass all buffers and locks: the interrupted code may hold them. The state file is always consistent.
            self._tell("stopped at once", self.last_words)
            os._exit(_exit_code(number))
        self._signal = number
        if self._idle:
            raise KeyboardInterrupt
        finished = ": items in progress are finished and recorded" if self._begun else ""
        self._tell(f"stopping{finished}; a second signal stops at once")

    def _tell(self, *texts: str) -> None:
        """Write without Python's buffers, which the interrupted code may be using. A closed terminal is
        not an error; one that takes nothing more, or a pipe that is full, is not waited for.
        """
        lines = "".join(f"{self._line(text)}\n" for text in texts)
        with contextlib.suppress(OSError):
            if not select.select([], [2], [], 0)[1]:
                return
            below_the_bar = "\n" if os.isatty(2) else ""
            os.write(2, f"{below_the_bar}{lines}".encode(errors="backslashreplace"))


def _exit_code(number: int) -> int:
    return 128 + (signal.SIGTERM if number == signal.SIGHUP else number)
