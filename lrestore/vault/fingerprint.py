"""The identity of a backup's content: a digest of its rows without their blobs.

The bytes of the files would not do: a copy that was vacuumed, checkpointed or compressed holds the same backup.
LookerVault sets ``synced_at`` with every row it writes, so a changed blob shows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

QUERY = "SELECT content_type, id, synced_at, deleted_at, content_size FROM content_items ORDER BY content_type, id"


def of_digests(digests: Iterable[str]) -> str:
    """The fingerprint of a backup from the digests of its files, in whatever order: 32 hex digits."""
    return hashlib.sha256("".join(sorted(digests)).encode()).hexdigest()[:32]


def add(digest: hashlib._Hash, row: tuple[object, ...]) -> None:
    """Add a row of :data:`QUERY` to the digest of its file."""
    digest.update(repr(row).encode("utf-8", "surrogatepass"))
