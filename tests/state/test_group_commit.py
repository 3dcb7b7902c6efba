"""Threads that write at the same moment share one commit; a failing write fails only in its own thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from lrestore.errors import StateError
from lrestore.state.group_commit import GroupCommit
from tests.waiting import HANG_S


class RefusedError(Exception):
    pass


class Disk:
    """Counts commits. ``slow`` keeps the next commit waiting until it is set; ``full`` makes every commit fail."""

    def __init__(self) -> None:
        self.committed: list[list[int]] = []
        self.slow = threading.Event()
        self.slow.set()
        self.busy = threading.Event()
        self.full = False
        self._open: list[int] = []

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._open = []
        yield
        self.busy.set()
        assert self.slow.wait(HANG_S)
        if self.full:
            raise StateError("the disk is full")
        self.committed.append(self._open)

    def write(self, number: int) -> Callable[[], None]:
        return lambda: self._open.append(number)


def side_by_side(commits: GroupCommit, disk: Disk, writes: list[Callable[[], None]]) -> list[Exception | None]:
    """The first write blocks the disk until all others wait; returns the error of each."""
    errors: list[Exception | None] = [None] * len(writes)

    def durably(index: int) -> None:
        try:
            commits.durably(writes[index])
        except (StateError, RefusedError) as error:
            errors[index] = error

    threads = [threading.Thread(target=durably, args=(index,)) for index in range(len(writes))]
    disk.slow.clear()
    threads[0].start()
    assert disk.busy.wait(HANG_S)
    for thread in threads[1:]:
        thread.start()
    while len(commits._waiting) < len(writes) - 1:
        threading.Event().wait(0.001)
    disk.slow.set()
    for thread in threads:
        thread.join(HANG_S)
        assert not thread.is_alive()
    return errors


def test_writes_during_a_commit_share_the_next_commit() -> None:
    disk = Disk()
    commits = GroupCommit(disk.transaction, (RefusedError,))
    errors = side_by_side(commits, disk, [disk.write(number) for number in range(5)])
    assert errors == [None] * 5
    assert disk.committed[0] == [0]
    assert sorted(disk.committed[1]) == [1, 2, 3, 4] and len(disk.committed) == 2


def test_a_write_that_is_refused_does_not_fail_the_others() -> None:
    def refused() -> None:
        raise RefusedError

    disk = Disk()
    errors = side_by_side(GroupCommit(disk.transaction, (RefusedError,)), disk, [disk.write(0), refused, disk.write(2)])
    assert [type(error) for error in errors] == [type(None), RefusedError, type(None)]
    assert disk.committed == [[0], [2]]


def test_a_failed_commit_raises_in_every_thread() -> None:
    disk = Disk()
    disk.full = True
    errors = side_by_side(
        GroupCommit(disk.transaction, (RefusedError,)), disk, [disk.write(number) for number in range(4)]
    )
    assert [str(error) for error in errors] == ["the disk is full"] * 4
    assert len({id(error) for error in errors}) == 4, "each has an error of its own"


def test_after_a_failure_the_next_write_is_tried_again() -> None:
    disk = Disk()
    commits = GroupCommit(disk.transaction, ())
    disk.full = True
    with pytest.raises(StateError):
        commits.durably(disk.write(1))
    disk.full = False
    commits.durably(disk.write(2))
    assert disk.committed == [[2]]


def test_an_interruption_leaves_no_thread_waiting() -> None:
    disk = Disk()

    def interrupted() -> None:
        raise KeyboardInterrupt

    commits = GroupCommit(disk.transaction, ())
    with pytest.raises(KeyboardInterrupt):
        commits.durably(interrupted)
    commits.durably(disk.write(1))
    assert disk.committed == [[1]]
