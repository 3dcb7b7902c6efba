"""Lets a process of the command load its modules quickly: nothing that belongs to another program runs in it.

Loading makes some hundred thousand objects that stay until the end. Python's garbage collector would go through them
again and again meanwhile, and finds nothing to free.
"""

from __future__ import annotations

import gc

from lrestore.sdk import on_demand


def begin_loading() -> None:
    """Call before the modules are loaded."""
    on_demand.allow()
    gc.disable()


def end_loading() -> None:
    """Call after the modules are loaded: garbage is collected as usual again. Does nothing in another program."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
