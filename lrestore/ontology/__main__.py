"""``python -m lrestore.ontology`` prints the table as ``docs/ontology.md`` has it."""

from __future__ import annotations

import sys

from lrestore.ontology.document import render

if __name__ == "__main__":
    sys.stdout.write(render())
