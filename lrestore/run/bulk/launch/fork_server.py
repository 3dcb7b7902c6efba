"""Imported first of all by the process from which workers and the writer are forked: it ends with the coordinator.

It would notice by itself, but only once everything is loaded, and until then it would be an orphan. The coordinator may
have ended before this is imported: its number is in the environment, so that this shows, too.
"""

from __future__ import annotations

import os

from lrestore.run.bulk.pipes import die_with_parent

COORDINATOR = "_LRESTORE_COORDINATOR"
"""The environment variable with the number of the process that starts the fork server."""

if COORDINATOR in os.environ:
    die_with_parent(int(os.environ.pop(COORDINATOR)))
