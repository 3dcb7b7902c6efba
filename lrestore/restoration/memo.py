"""Keeps answers that are needed often: each is found once per process."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memo(Generic[K, V]):
    """Keeps what was found. Two threads that ask at the same time may both search; an error is not kept."""

    def __init__(self) -> None:
        self._found: dict[K, V] = {}

    def of(self, key: K, find: Callable[[], V], outdated: Callable[[V], bool] | None = None) -> V:
        """The value found under ``key``, or the one that ``find`` gives now. ``outdated``: whether to search again."""
        if key not in self._found or (outdated is not None and outdated(self._found[key])):
            self._found[key] = find()
        return self._found[key]
