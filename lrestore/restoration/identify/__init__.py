"""Finding out which live object a backed-up one is, and where its references lead.

Promise: an id alone proves nothing; an object that is somebody else's is never taken for the backed-up one.
Steps: ``match`` finds the object itself, ``resolve`` translates references, ``parts`` matches tiles, filters and items,
``users``, ``folders`` and ``queries`` know what is particular to these.
"""
