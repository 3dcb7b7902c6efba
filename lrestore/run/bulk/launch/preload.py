"""Imported once by the process from which workers and the writer are forked: they find everything loaded and built."""

from __future__ import annotations

import lrestore.run.bulk.worker
import lrestore.run.bulk.writer
from lrestore.vault.decode import prepare

__all__ = ["lrestore"]

prepare()
