"""The objects of Looker's API 4.0 that a restore reads and writes, as typed dictionaries.

Source: the response schemas of the specification, as the Looker SDK's models state them. Each class names its schema in
``schemas.SCHEMAS``; ``tests/content/test_shapes.py`` checks every key and its type against the installed SDK.

``total=False``: Looker omits what the caller may not see, what ``fields`` did not ask for, and what its release does
not know. Any value may be null. Times are ISO 8601 texts, ids are texts. The permissions of the caller (``can``) are
left out. ``JsonObject`` stands for a nested object that a restore treats as a whole.

Not guaranteed: that an object has this shape at runtime. ``looker.http.shape`` checks the parts of an answer on which a
restore depends.
"""
