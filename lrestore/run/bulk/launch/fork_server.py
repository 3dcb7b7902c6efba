"""The first import of the fork server, from which workers and writer are forked: makes it end with the coordinator.

Without this, the fork server would notice only after loading everything that the coordinator has ended. The coordinator
may end even before this import: its process id is in the environment, so that this case is detected too.

The process is one of the command's own, so that the SDK may be imported quickly.
"""

from __future__ import annotations

import os

from lrestore.run.bulk.pipes import die_with_parent
from lrestore.sdk import on_demand

COORDINATOR_VARIABLE = "_LRESTORE_COORDINATOR"
"""The environment variable with the id of the process that starts the fork server."""

if COORDINATOR_VARIABLE in os.environ:
    die_with_parent(int(os.environ.pop(COORDINATOR_VARIABLE)))
on_demand.allow()
