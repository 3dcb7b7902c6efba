"""The pipe that all workers share: no message is torn, lost or blocked if a writer is killed."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter

import msgspec
import multiprocess
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrestore.run.bulk.pipes import (
    LIMIT_BYTES,
    MessageTooLargeError,
    PeerGoneError,
    ResultReader,
    ResultWriter,
    TornMessageError,
    fits,
    result_pipe,
)
from tests.run.children import WITHIN_S, children, kill, start

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


class Done(msgspec.Struct, frozen=True, tag=True):
    writer: int
    number: int
    text: str = ""


class Wanted(msgspec.Struct, frozen=True, tag=True):
    key: str


Message = Done | Wanted


@given(
    messages=st.lists(
        st.one_of(
            st.builds(Done, st.integers(0, 2**40), st.integers(0, 2**40), st.text(max_size=300)),
            st.builds(Wanted, st.text(max_size=300)),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_messages_arrive_in_order(messages: list[Message]) -> None:
    reader, writer = result_pipe(Message)
    for message in messages:
        writer.send(message)
    writer.close()
    assert list(reader) == messages
    reader.close()


@given(size_bytes=st.integers(LIMIT_BYTES - 60, LIMIT_BYTES + 60))
def test_a_message_that_is_too_large_is_refused(size_bytes: int) -> None:
    reader, writer = result_pipe(Message)
    message = Wanted("x" * size_bytes)
    if fits(message):
        writer.send(message)
        assert reader.read() == [message]
    else:
        with pytest.raises(MessageTooLargeError, match="send the key"):
            writer.send(message)
        assert reader.read(0) == []
    writer.close()
    reader.close()


def test_every_message_is_one_write_of_at_most_pipe_buf() -> None:
    """POSIX makes only such writes atomic."""
    assert os.pathconf("/", "PC_PIPE_BUF") >= LIMIT_BYTES
    largest = max(size for size in range(LIMIT_BYTES) if fits(Wanted("x" * size)))
    assert LIMIT_BYTES - 40 < largest < LIMIT_BYTES


def test_a_reader_waits_no_longer_than_its_timeout() -> None:
    reader, writer = result_pipe(Message)
    assert reader.read(0) == []
    assert reader.read(0.01) == []
    writer.close()
    with pytest.raises(PeerGoneError, match="all writers"):
        reader.read()
    reader.close()


def test_a_writer_notices_a_missing_reader() -> None:
    reader, writer = result_pipe(Message)
    reader.close()
    with pytest.raises(PeerGoneError, match="has no reader"):
        writer.send(Wanted("x"))
    writer.close()


def test_a_closed_end_raises() -> None:
    _, writer = result_pipe(Message)
    writer.close()
    writer.close()
    with pytest.raises(PeerGoneError, match="cannot write"):
        writer.send(Wanted("x"))


@pytest.mark.parametrize("junk", [b"\x02\x00\xc1\xc1", b"\x01\x00\x01"])
def test_invalid_bytes_are_refused(junk: bytes) -> None:
    reader, writer = result_pipe(Message)
    os.write(writer._end.fileno(), junk)
    with pytest.raises(TornMessageError, match="not a message"):
        reader.read()
    writer.close()
    reader.close()


def test_an_end_inside_a_message_is_an_error() -> None:
    reader, writer = result_pipe(Message)
    os.write(writer._end.fileno(), b"\x09\x00half")
    writer.close()
    with pytest.raises(TornMessageError, match="inside a message"):
        reader.read()
    reader.close()


def test_a_full_pipe_blocks_its_writer() -> None:
    """A full pipe slows its writers down, so that messages do not accumulate in memory."""
    reader, writer = result_pipe(Message)
    sent: list[int] = []

    def write() -> None:
        for number in range(200):
            writer.send(Done(1, number, "x" * 2000))
            sent.append(number)
        writer.close()

    thread = threading.Thread(target=write)
    thread.start()
    first = reader.read()
    assert len(sent) < 200
    rest = list(reader)
    thread.join(WITHIN_S)
    assert len(first) + len(rest) == 200
    reader.close()


def test_messages_survive_the_death_of_a_reader() -> None:
    """Another process with a read end reads the messages in the pipe."""
    reader, writer = result_pipe(Message)
    writer.send(Wanted("before"))
    with children(threading.Event().wait, [()]) as (child,):
        kill(child)
        child.join(WITHIN_S)
    assert reader.read() == [Wanted("before")]
    writer.close()
    reader.close()


def write_for_ever(reader: ResultReader[Message], writer: ResultWriter, number: int) -> None:
    reader.close()
    chance = random.Random(number)
    count = 0
    while True:
        writer.send(Done(number, count, "x" * chance.randrange(400)))
        count += 1


@pytest.mark.crash
@pytest.mark.slow
def test_no_message_is_torn_or_lost_when_writers_are_killed() -> None:
    """Six writers, one of them killed -9 and replaced at a time; every writer's messages arrive without a gap."""
    reader, writer = result_pipe(Message)
    chance = random.Random(5)
    with children(write_for_ever, [(reader, writer, number) for number in range(6)]) as running:
        seen: Counter[int] = Counter()
        numbers = list(range(6))
        kills = 0
        next_kill_s = time.monotonic()
        while sum(seen.values()) < 200_000 or kills < 20:
            for message in reader.read(WITHIN_S):
                assert isinstance(message, Done)
                assert message.number == seen[message.writer], "in order, none missing"
                seen[message.writer] += 1
            victim = chance.randrange(6)
            # A writer that was not heard yet may still be starting: its death would show nothing.
            if time.monotonic() >= next_kill_s and kills < 60 and seen[numbers[victim]]:
                kills += 1
                next_kill_s = time.monotonic() + 0.03
                kill(running[victim])
                running.append(running[victim])
                numbers[victim] = 5 + kills
                running[victim] = start(write_for_ever, reader, writer, numbers[victim])
        writer.close()
        for child in running[:6]:
            kill(child)
        for message in reader:
            assert isinstance(message, Done) and message.number == seen[message.writer]
            seen[message.writer] += 1
        assert kills >= 20 and len(seen) >= 20, "killed writers and their successors were all heard"
    reader.close()


def send_three(writer: ResultWriter) -> None:
    for number in range(3):
        writer.send(Done(os.getpid(), number))


def test_the_ends_can_be_passed_to_a_spawned_process() -> None:
    reader, writer = result_pipe(Message)
    child = multiprocess.get_context("spawn").Process(target=send_three, args=(writer,))
    child.start()
    writer.close()
    assert list(reader) == [Done(child.pid or 0, number) for number in range(3)]
    child.join(WITHIN_S)
    assert child.exitcode == 0
    reader.close()


def test_a_signal_in_the_middle_of_waiting_loses_nothing() -> None:
    """The read continues after a signal handler returns (PEP 475)."""
    reader, writer = result_pipe(Message)
    heard: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, frame: heard.append(number))
    try:
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        timer = threading.Timer(0.1, writer.send, (Wanted("late"),))
        timer.start()
        assert reader.read(WITHIN_S) == [Wanted("late")]
    finally:
        signal.signal(signal.SIGUSR1, before)
    timer.join()
    assert heard == [signal.SIGUSR1]
    writer.close()
    reader.close()
