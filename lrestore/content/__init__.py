"""Pure functions over one object: compare it, find its references, rewrite its links, make a request body of it.

Promise: no module here reads a file, calls Looker or keeps state; the same arguments give the same result.
Steps: ``canonical`` brings both sides into one form, ``diff`` compares them, ``references`` and ``links`` find what
leads elsewhere, ``payload`` makes the body that is sent, ``identity`` judges whether two objects are the same one.
"""
