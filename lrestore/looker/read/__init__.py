"""Reads objects from Looker: by id, by natural key, or in a listing that is read once.

Promise: nothing here writes. An object that was read in a run is not read again, unless another process may have
written since. Not guaranteed: that an object still exists when it is written; the write itself shows that.
"""
