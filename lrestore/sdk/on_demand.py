"""Imports the Looker SDK in less than half of the time: its classes are completed when they are needed.

``looker_sdk.sdk.api40.models`` has 425 classes, and most of its import is spent in attrs, which generates methods for
each of them. A restore needs about forty. In the processes of the command, ``attr.s`` therefore only notes what it is
to do with a class of that module. It does it when something asks for the class's attributes: msgspec, cattrs and attrs
itself begin with that.

Until then such a class has neither attrs' ``__repr__`` nor its ``__eq__``. A program that calls
:func:`lrestore.restore` may use the SDK for work of its own; there the import is the ordinary one. So it is where a
later SDK makes its classes in another way: nothing is postponed then.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_MODULE = "looker_sdk.sdk.api40.models"
_ATTRIBUTES = "__attrs_attrs__"
"""Where attrs keeps the attributes of a class; part of its documented interface for other libraries."""

_lock = threading.RLock()
_allowed = False


def allow() -> None:
    """Let this process import the SDK in this way: it is one of the command's own."""
    global _allowed  # noqa: PLW0603 (a property of the process)
    _allowed = True


class _Postponed:
    """Stands for the attributes of a class until they are asked for."""

    def __init__(self, complete: Callable[[type], object]) -> None:
        self._complete = complete

    def __get__(self, instance: object, owner: type) -> object:
        with _lock:
            for model in owner.__mro__:
                if vars(model).get(_ATTRIBUTES) is self:
                    # attrs puts the attributes in the place of this object.
                    self._complete(model)
        return getattr(owner, _ATTRIBUTES)


@contextmanager
def classes_on_demand() -> Iterator[None]:
    """Inside, an import of the SDK's models postpones what attrs does with their classes."""
    if not _allowed:
        yield
        return
    import attr

    its: Any = attr
    at_once = its.s

    def attr_s(maybe_cls: type | None = None, **options: Any) -> Any:
        # With slots, attrs makes a new class; anything but keywords is another use than the one that is known.
        if maybe_cls is not None or options.get("slots"):
            return at_once(maybe_cls, **options)
        return lambda model: _postpone(model, at_once(**options))

    its.s = attr_s
    try:
        yield
    finally:
        its.s = at_once


def _postpone(model: type, complete: Callable[[type], object]) -> object:
    if model.__module__ != _MODULE:
        return complete(model)
    setattr(model, _ATTRIBUTES, _Postponed(complete))
    return model
