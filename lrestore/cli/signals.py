"""SIGINT, SIGTERM, SIGHUP: the first asks the run to stop once what is under way is finished, the second ends it."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """Context manager for a program that calls lrestore: Ctrl-C raises KeyboardInterrupt in it, and is never lost.

    Python drops an exception that a signal handler raises inside ``__del__`` or the callback of a weak reference
    (https://docs.python.org/3/library/signal.html#note-on-signal-handlers-and-exceptions). Called, this is True once a
    Ctrl-C has come, so that the run ends in order; on leaving, KeyboardInterrupt is raised if nothing else is. A
    program with a handler of its own keeps it, and so does one that calls from another thread than the main one.
    """

    def __init__(self) -> None:
        self._came = False
        self._ours = False

    def __call__(self) -> bool:
        """True once a Ctrl-C has come."""
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
    """Context manager: while entered, signals are counted instead of obeyed. Only the main thread can enter it."""

    def __init__(self, again: str, resume: str, line: Callable[[str], str] = str) -> None:
        """The commands that go on: ``again`` before a session has begun, ``resume`` from then on; ``line`` makes a line
        of stderr of a text.
        """
        self._line = line
        self._again = again
        self._resume = resume
        self._begun = False
        self._resumable = False
        self._retry = ""
        self._signal = 0
        self._idle = False
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        # Under nohup, SIGHUP is ignored from the start, and stays so.
        heeded = [
            number for number in SIGNALS if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN
        ]
        self._before = {number: signal.signal(number, self._on_signal) for number in heeded}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def __call__(self) -> bool:
        """True once a signal has come."""
        return self._signal != 0

    @property
    def exit_code(self) -> int:
        """130 after SIGINT, 143 after SIGTERM and SIGHUP: a terminal that closes ends the run as an order would."""
        return _exit_code(self._signal or signal.SIGINT)

    def begun(self, session_id: str = "") -> None:
        """There is a session that can be resumed."""
        self._begun = self._resumable = True

    def unresumable(self) -> None:
        """Nothing is left that could be resumed from."""
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
        """Whether there is, or was, a session: from then on, something may have been written."""
        return self._begun

    @property
    def last_words(self) -> str:
        """The last line on stderr of a run that can be gone on with."""
        return "resume with: " + (self._resume if self._resumable else self._again)

    @contextmanager
    def nothing_under_way(self) -> Iterator[None]:
        """Nothing is under way that must be finished: inside, the first signal raises KeyboardInterrupt.

        So does entering, if it has come already.
        """
        self._idle = True
        try:
            if self._signal:
                raise KeyboardInterrupt
            yield
        finally:
            self._idle = False

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._signal:
            # Past all buffers and locks: the interrupted code may hold any. The state file is safe at any moment.
            self._tell("stopped at once", self.last_words)
            os._exit(_exit_code(number))
        self._signal = number
        if self._idle:
            raise KeyboardInterrupt
        self._tell("stopping: items in progress are finished and recorded; a second signal stops at once")

    def _tell(self, *texts: str) -> None:
        """Past Python's buffers, which the interrupted code may be using. A terminal that has gone is no error."""
        lines = "".join(f"{self._line(text)}\n" for text in texts)
        with contextlib.suppress(OSError):
            below_the_bar = "\n" if os.isatty(2) else ""
            os.write(2, f"{below_the_bar}{lines}".encode(errors="backslashreplace"))


def _exit_code(number: int) -> int:
    return 128 + (signal.SIGTERM if number == signal.SIGHUP else number)
