"""Reading LookerVault backups: SQLite files of msgpack blobs.

Promise: the user's files are never written to, nor is anything left beside them; whatever they hold, reading an item
gives the item or a typed error that says precisely what is wrong with it.

1. :meth:`Vault.open` finds the files (lists, globs, gzip, WAL) and refuses what is no backup.
2. :meth:`Vault.index` lists objects: one row per true id, the newest copy of each.
3. :meth:`Vault.read` decodes one, with msgspec straight into the SDK's class, and into builtins.
4. :meth:`Vault.summary` and :attr:`Vault.warnings` say what the backup lacks and where it is doubtful.
5. :class:`ShardWriter` writes files in the same format.

Not guaranteed: that the backup is complete (LookerVault skips pages that fail), that its objects come from one instance
(no row says so), or what a field that is absent meant (null, or unknown to the SDK that made it: see
:meth:`Vault.release_floor`). Importing this package imports neither the SDK nor anything slow.
"""

from __future__ import annotations

from lrestore.vault.items import IndexRow, VaultItem
from lrestore.vault.reader import Vault
from lrestore.vault.shard import ShardWriter
from lrestore.vault.summary import SourceSummary, TypeSummary

__all__ = ["IndexRow", "ShardWriter", "SourceSummary", "TypeSummary", "Vault", "VaultItem"]
