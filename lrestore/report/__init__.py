"""The report of a run: JSON for scripts, text for people, and progress while it runs.

* ``model``: the report as values, with keys that are fixed for scripts; only ``build`` counts items.
* ``write``: writes the JSON file completely or not at all, and never over a file that is not a report.
* ``text``: the report as text; ``item_lines``: the lines about items in it;
  ``progress``: a bar on a terminal, otherwise a line every few seconds.

Promise: ``selected = created + updated + unchanged + skipped + failed + pending``, per type and in total. A report that
violates this cannot be made. Shortened values are marked.
"""
