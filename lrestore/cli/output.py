"""Writing to stdout when whoever reads it may be gone (``lrestore ... | head``)."""

from __future__ import annotations

import os
import sys


def write_out(text: str) -> None:
    """Results for stdout. A reader that has gone is no error: the run's exit code must stay the run's."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python would complain at exit, when it flushes what is left.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
