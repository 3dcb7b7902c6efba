"""Combines rule and cell, without waiting: each request and each result is one exclusive step on the record."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from lrestore.run.limiter.cell import Cell
from lrestore.run.limiter.controller import Controller, Verdict, Why
from lrestore.run.limiter.events import Asking, CallResult
from lrestore.run.limiter.state import LimiterState

RECLAIM_EVERY_S = 0.25


class Asked(NamedTuple):
    """The verdict, its time, and the calls in progress then, the one that was asked for included."""

    verdict: Verdict
    at_s: float
    in_flight: int


class Gate:
    """A member's gate. ``own``: this member's calls in progress."""

    def __init__(self, cell: Cell, controller: Controller, clock: Callable[[], float]) -> None:
        self.cell = cell
        self.clock = clock
        self.own = 0
        self._controller = controller
        self._reclaimed_at_s = clock()

    def ask(self, *, queued: bool) -> Asked:
        """Ask to make a call. ``GO`` and ``PROBE`` take a slot."""
        cell = self.cell
        with cell.lock:
            state, in_flight = cell.load()
            now_s = self.clock()
            verdict = self._controller.ask(state, now_s, Asking(in_flight, queued))
            if verdict.why is Why.SLOT and now_s - self._reclaimed_at_s >= RECLAIM_EVERY_S:
                self._reclaimed_at_s = now_s
                cell.reclaim()
            if verdict.why in _LET_GO:
                self.own += 1
            cell.save(state, self.own)
        return Asked(verdict, now_s, in_flight + 1)

    def answer(self, answer: CallResult) -> None:
        """Report the result of a call, and free its slot."""
        with self.cell.lock:
            state, _ = self.cell.load()
            self._controller.answered(state, self.clock(), answer)
            self._save_with_one_call_less(state)

    def forget(self) -> None:
        """Free the slot of a call that will never be reported."""
        with self.cell.lock:
            state, _ = self.cell.load()
            self._save_with_one_call_less(state)

    def look(self) -> tuple[LimiterState, int, float]:
        """The record, the calls in progress, and the time. Removes members that died."""
        with self.cell.lock:
            self.cell.reclaim()
            return *self.cell.load(), self.clock()

    def _save_with_one_call_less(self, state: LimiterState) -> None:
        self.own -= 1
        self.cell.save(state, self.own)


_LET_GO = (Why.GO, Why.PROBE)
