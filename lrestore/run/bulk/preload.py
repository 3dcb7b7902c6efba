"""Imported once by the fork server, so that workers and writer start with all modules loaded and all decoders built."""

from __future__ import annotations

import lrestore.run.bulk.worker
import lrestore.run.bulk.writer
from lrestore.vault.decode import prepare

__all__ = ["lrestore"]

prepare()
