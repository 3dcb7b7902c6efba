"""A stderr that fails: nothing that is written to it raises, and nothing is left to fail later."""

from __future__ import annotations

import io
import os
import sys
import threading
from pathlib import Path
from typing import TextIO, cast

import pytest

from lrestore.streams import Unfailing, is_own_stream, write_all
from tests.waiting import HANG_S


def on(descriptor: int) -> TextIO:
    return cast("TextIO", os.fdopen(descriptor, "w", encoding="utf-8"))


def test_lines_arrive_at_once_and_names_that_the_encoding_lacks_are_escaped() -> None:
    read, write = os.pipe()
    with os.fdopen(write, "w", encoding="ascii") as below:
        Unfailing(below).write("Umsatz ä\n")
        assert os.read(read, 100) == b"Umsatz \\xe4\n"
    os.close(read)


def test_a_full_device_costs_the_line_alone() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        stream = Unfailing(full)
        assert stream.write("lost\n") == 5
        stream.flush()
    # Closing wrote nothing: nothing had been left in a buffer, which Python would write again when it ends.


def test_a_reader_that_has_gone_costs_the_line_alone() -> None:
    read, write = os.pipe()
    os.close(read)
    with on(write) as below:
        Unfailing(below).write("lost\n")


def test_a_closed_stream_costs_the_line_alone() -> None:
    read, write = os.pipe()
    below = on(write)
    stream = Unfailing(below)
    below.close()
    os.close(read)
    stream.write("lost\n")
    stream.flush()
    assert not stream.isatty()


def test_a_non_blocking_stream_that_stays_full_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    with on(write) as below:
        monkeypatch.setattr("lrestore.streams._PATIENCE_S", 0.05)
        stream = Unfailing(below)
        for _ in range(200):
            stream.write("x" * 8191 + "\n")
        assert len(os.read(read, 1 << 20)) >= 8192
        stream.write("there is room again\n")
        assert os.read(read, 1 << 20).endswith(b"there is room again\n")
    os.close(read)


def test_a_reader_that_does_not_read_is_waited_for_until_the_run_is_to_end() -> None:
    read, write = os.pipe()
    with on(write) as below:
        stream = Unfailing(below)
        written = threading.Event()

        def too_much() -> None:
            stream.write("x" * 200_000 + "\n")
            written.set()

        thread = threading.Thread(target=too_much, daemon=True)
        thread.start()
        seen = os.read(read, 1)
        assert seen == b"x" and not written.wait(0.05)
        stream.stop_waiting()
        thread.join(HANG_S)
        assert written.is_set()
    os.close(read)


def test_a_text_in_memory_is_written_to() -> None:
    below = io.StringIO()
    Unfailing(below).write("kept\n")
    assert below.getvalue() == "kept\n"


def test_results_are_written_whole_to_a_non_blocking_stream() -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    text = b"y" * 1_000_000
    if not (child := os.fork()):
        write_all(write, text)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as reader:
        assert reader.read() == text
    assert os.waitpid(child, 0)[1] == 0 and sys.stderr is not None


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("/dev/stdout", True),
        ("/dev/fd/3", True),
        ("/proc/self/fd/1", True),
        ("/dev/shm/report.json", False),
        ("x", False),
    ],
)
def test_streams_of_the_process_are_told_from_files(path: str, own: bool) -> None:
    assert is_own_stream(path) is own
