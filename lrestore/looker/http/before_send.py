"""A hook that a thread runs right before each of its requests is sent, after all waiting for rate limits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class _Here(threading.local):
    act: Callable[[], None] | None = None


_here = _Here()


@contextmanager
def before_each_request(act: Callable[[], None]) -> Iterator[None]:
    """While this lasts, ``act`` is called in this thread before each request leaves, repeated ones included."""
    before, _here.act = _here.act, act
    try:
        yield
    finally:
        _here.act = before


def about_to_leave() -> None:
    """A request of this thread leaves now. Raises what the act raises; nothing is sent then."""
    if _here.act is not None:
        _here.act()
