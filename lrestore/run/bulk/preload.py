"""Imported once by the fork server, so that workers and writer start with all modules loaded and all decoders built."""

from __future__ import annotations

import gc

import lrestore.run.bulk.worker
import lrestore.run.bulk.writer
import lrestore.run.limiter.shared_limiter
from lrestore.vault.decode import build_decoders

__all__ = ["lrestore"]

build_decoders()
# The modules stay for ever: no collection of a child looks at them, or writes to the pages that it shares with others.
gc.collect()
gc.freeze()
# An item leaves no references in a circle. Python's 700 would collect in the middle of each decoded answer.
gc.set_threshold(20_000)
