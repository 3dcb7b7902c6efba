"""The first calls to the destination, made while the backup is read.

Promise: nothing is called before it is certain that no usage error can come any more, and what is called only reads.
Steps: a thread logs in, reads user, release and specification, then what the identity check and the first screen ask.
Not guaranteed: that there are early calls at all. Lists of objects are not read early: another run may still change
them until this one holds the lock of the state file.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TypeVar

from lrestore.errors import VaultError
from lrestore.json_types import JsonObject
from lrestore.messages import ItemKey
from lrestore.run.introduction import Introduced, introduce
from lrestore.run.job import ITEMS_FOR_ONE_PROCESS
from lrestore.run.prepare.identity import SAMPLED, Sampled, sample_of, search_sample
from lrestore.run.request import RunRequest
from lrestore.run.select.row_counts import surely_selected
from lrestore.run.surroundings import Surroundings
from lrestore.settings import Settings
from lrestore.vault.reader import Vault

_T = TypeVar("_T")
_ASKED = frozenset({"restore", "plan"})
"""Modes whose screen tells whether the caller is an admin."""


@contextmanager
def early_calls(
    vault: Vault, settings: Settings, request: RunRequest, surroundings: Surroundings, *, is_young: Callable[[], bool]
) -> Iterator[EarlyCalls | None]:
    """Begin the first calls of a run with many items; None if they have to wait until the backup is read. ``is_young``:
    whether the backup passes the limit of its age.
    """
    samples = _samples(vault, settings, request)
    if samples is None or not is_young():
        yield None
        return
    early = EarlyCalls(samples, asks=request.mode in _ASKED)
    early.begin(partial(introduce, settings, request, surroundings, [surroundings.stop, early.given_up]))
    try:
        yield early
    finally:
        early.end()


def _samples(vault: Vault, settings: Settings, request: RunRequest) -> list[list[ItemKey]] | None:
    """The items to search for the identity check, by type. None if the run makes no calls, or if a usage error may
    come. A run with a budget of calls learns first how many it needs at least.
    """
    if request.mode == "dry-run" or request.max_calls is not None:
        return None
    try:
        sure = surely_selected(vault, request)
        if sum(sure.values()) <= ITEMS_FOR_ONE_PROCESS:
            return None
        return [sample_of(name, vault) for name in SAMPLED if name in sure and settings.run.identity == "auto"]
    except VaultError:
        # A damaged index. Reading the rows tells how much is lost.
        return None


class EarlyCalls:
    """Calls of one thread. ``samples``: the items that are searched for the identity check, by type. ``asks``: whether
    the roles of the caller are asked for, too.

    The thread and the selection decode into different classes: two threads must not use one for the first time at once
    (see :func:`lrestore.vault.decode.build_decoders`).
    """

    def __init__(self, samples: Sequence[Sequence[ItemKey]], *, asks: bool) -> None:
        self._searches = [(keys, Future[Mapping[str, JsonObject]]()) for keys in samples if keys]
        self._asks = asks
        self._introduced: Future[Introduced] = Future()
        self._admin: Future[bool] = Future()
        self._resources = ExitStack()
        self._lock = threading.Lock()
        self._done = self._ended = False
        self._thread: threading.Thread | None = None

    def begin(self, introduction: Callable[[ExitStack], Introduced]) -> None:
        """Start the thread. It keeps no program from ending."""
        self._thread = threading.Thread(target=self._run, args=(introduction,), name="first-calls", daemon=True)
        self._thread.start()

    @property
    def sampled(self) -> list[Sampled]:
        """The searches of the identity check, with their results to come."""
        return [Sampled(keys, search.result) for keys, search in self._searches]

    def given_up(self) -> bool:
        """Whether the run has ended, so that the thread must not wait any more."""
        return self._ended

    def result(self) -> Introduced:
        """Wait for all calls. Raises what :func:`introduce` raised."""
        if self._thread is not None:
            self._thread.join()
        return self._introduced.result()

    def end(self) -> None:
        """Close the connection: now, or when the thread has returned from its call."""
        with self._lock:
            self._ended, close = True, self._done
        if close:
            self._resources.close()

    def _run(self, introduction: Callable[[ExitStack], Introduced]) -> None:
        _fill(self._introduced, lambda: introduction(self._resources))
        if self._introduced.exception() is None:
            introduced = self._introduced.result()
            for keys, search in self._searches:
                _fill(search, partial(search_sample, introduced.live, keys))
            if self._asks:
                # A failure shows where the answer is needed: there it is asked again.
                _fill(self._admin, introduced.is_admin)
        with self._lock:
            self._done, close = True, self._ended
        if close:
            self._resources.close()


def _fill(future: Future[_T], work: Callable[[], _T]) -> None:
    """Keep the result of the work, or its error for the thread that asks for the result."""
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 (raised again where the result is needed)
        future.set_exception(error)
