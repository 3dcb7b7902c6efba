"""Reading from Looker: what exists, found by id, by natural key, or in a listing that is read once.

Promise: nothing here writes. What was read once in a run is not read again, unless another process may have
written since.
Not guaranteed: that an object is still there when it is written; the write itself finds out.
"""
