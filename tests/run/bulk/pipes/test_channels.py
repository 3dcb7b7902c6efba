"""A worker's channel: messages of any size, and the death of the peer is noticed at once."""

from __future__ import annotations

import os

import msgspec
import multiprocess
import pytest
from multiprocess.connection import Connection

from lrestore.run.bulk.pipes import Channel, PeerGoneError, TornMessageError, channel, wait
from tests.run.children import WITHIN_S, children, kill

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


class RestorationTask(msgspec.Struct, frozen=True, tag=True):
    text: str


class Stop(msgspec.Struct, frozen=True, tag=True):
    pass


class Answer(msgspec.Struct, frozen=True):
    text: str
    pid: int


Down = RestorationTask | Stop


def serve(ours: Channel[Down, Answer], theirs: Channel[Answer, Down]) -> None:
    ours.close()
    answer_tasks(theirs)


def answer_tasks(theirs: Channel[Answer, Down]) -> None:
    while isinstance(message := theirs.receive(), RestorationTask):
        theirs.send(Answer(message.text.upper(), os.getpid()))


def write_half(ours: Channel[Down, Answer], theirs: Channel[Answer, Down]) -> None:
    ours.close()
    os.write(theirs.fileno(), b"\x00\x00\x01\x00half")


def test_tasks_and_answers_of_any_size_go_both_ways() -> None:
    ours, theirs = channel(Down, Answer)
    with children(serve, [(ours, theirs)]) as (child,):
        theirs.close()
        for text in ("a", "b" * 300_000):
            ours.send(RestorationTask(text))
            assert ours.receive() == Answer(text.upper(), child.pid or 0)
        ours.send(Stop())
        child.join(WITHIN_S)
        assert child.exitcode == 0
    ours.close()


@pytest.mark.crash
def test_the_death_of_the_peer_is_noticed_at_once() -> None:
    ours, theirs = channel(Down, Answer)
    with children(serve, [(ours, theirs)]) as (child,):
        theirs.close()
        assert wait([ours], [child.sentinel], 0.0) == []
        kill(child)
        assert set(wait([ours], [child.sentinel], WITHIN_S)) <= {ours, child.sentinel}
        with pytest.raises(PeerGoneError):
            ours.receive()
        child.join(WITHIN_S)
        with pytest.raises(PeerGoneError):
            ours.send(RestorationTask("x"))
    ours.close()


def test_a_peer_that_dies_inside_a_message_is_reported() -> None:
    ours, theirs = channel(Down, Answer)
    with children(write_half, [(ours, theirs)]) as (child,):
        theirs.close()
        child.join(WITHIN_S)
        with pytest.raises(PeerGoneError):
            ours.receive()
    ours.close()


def test_the_last_messages_of_a_dead_peer_are_read_first() -> None:
    ours, theirs = channel(Down, Answer)
    theirs.send(Answer("last", 1))
    theirs.close()
    assert ours.ready()
    assert ours.receive() == Answer("last", 1)
    with pytest.raises(PeerGoneError):
        ours.receive()
    ours.close()
    with pytest.raises(PeerGoneError):
        ours.receive()
    assert ours.ready()


def test_invalid_bytes_are_refused() -> None:
    ours, theirs = channel(Down, Answer)
    assert isinstance(theirs._end, Connection)
    theirs._end.send_bytes(b"\xc1")
    with pytest.raises(TornMessageError, match="not a message"):
        ours.receive()
    ours.close()
    theirs.close()


def test_waiting_returns_the_readable_channels() -> None:
    pairs = [channel(Down, Answer) for _ in range(3)]
    pairs[1][1].send(Answer("here", 1))
    assert wait([ours for ours, _ in pairs], timeout_s=0.0) == [pairs[1][0]]
    assert not pairs[0][0].ready()
    for ours, theirs in pairs:
        ours.close()
        theirs.close()


def test_an_end_can_be_passed_to_a_spawned_process() -> None:
    ours, theirs = channel(Down, Answer)
    child = multiprocess.get_context("spawn").Process(target=answer_tasks, args=(theirs,))
    child.start()
    theirs.close()
    ours.send(RestorationTask("hello"))
    assert ours.receive() == Answer("HELLO", child.pid or 0)
    ours.send(Stop())
    child.join(WITHIN_S)
    assert child.exitcode == 0
    ours.close()
