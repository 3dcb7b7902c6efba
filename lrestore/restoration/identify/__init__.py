"""Match backed-up objects with live ones, and translate references.

Promise: an id alone proves nothing; another object is never taken for the backed-up one.
Steps: ``match`` finds the object itself, ``resolve`` translates references, ``parts`` matches tiles, filters and items,
``users``, ``folders`` and ``queries`` know what is particular to these.
"""
