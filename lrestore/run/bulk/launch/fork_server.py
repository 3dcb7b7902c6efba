"""Imported first of all by the process from which workers and the writer are forked: it ends with the coordinator.

It would notice by itself, but only once everything is loaded, and until then it would be an orphan.
"""

from __future__ import annotations

from lrestore.run.bulk.pipes import die_with_parent

die_with_parent()
