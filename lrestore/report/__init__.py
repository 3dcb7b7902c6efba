"""What a run tells: to scripts as JSON, to people as text, and while it runs as progress.

* ``model``: the report as values, in a shape that is fixed for scripts; ``build`` is the only place that counts.
* ``write``: the JSON file, whole or not at all, and never over something that is not a report.
* ``text``: the same report for people; ``progress``: the bar on a terminal, a line now and then elsewhere.

The promise: ``selected = created + updated + unchanged + skipped + failed + pending``, per type and in total. A
report in which that does not hold cannot be made. What is shortened says so.
"""
