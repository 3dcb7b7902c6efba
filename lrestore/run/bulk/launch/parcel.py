"""Passes a large argument to a child process quickly.

multiprocess pickles with dill, which is written in Python: for a brief with the keys of 50,000 items it takes more than
a second for each worker, and as long again in the worker. The standard library's pickle is written in C.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Parcel(Generic[_T]):
    """Arrives in the child as ``value`` itself. The value must be picklable without dill."""

    value: _T

    def __reduce__(self) -> tuple[Callable[[bytes], _T], tuple[bytes]]:
        return pickle.loads, (pickle.dumps(self.value, pickle.HIGHEST_PROTOCOL),)
