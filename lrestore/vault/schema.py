"""The backup format's constants: type numbers, what a row of each type must carry, and the tables of every version.

Seen in files written by LookerVault (public repository z3z1ma/lookervault, commit df9162e).
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

PAGE_SIZE_BYTES: Final = 16384
VERSION: Final = 4
TABLE: Final = "content_items"
DEFAULT_MAX_ITEM_BYTES: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class VaultType:
    """One content type as the format knows it.

    ``model`` is the SDK class that its blobs decode into. ``required`` are the fields without which a blob is no object
    of this type; the first one tells objects apart (``id``, or ``name`` for LookML models, which have no id).
    """

    number: int
    name: str
    model: str
    required: tuple[str, ...]

    @property
    def id_field(self) -> str:
        """The field that holds the object's own id."""
        return self.required[0]

    @property
    def prefix(self) -> str:
        """The prefix of each id in a backup that was made with one worker: ``dashboard::``."""
        return f"{self.name}::"


# Looks decode as LookWithQuery: a superset of Look, which is what searches return and backups hold. Folders come from
# an operation typed FolderBase, a subset of Folder.
_VAULT_TYPES: Final = (
    VaultType(1, "dashboard", "Dashboard", ("id", "title")),
    VaultType(2, "look", "LookWithQuery", ("id", "title")),
    VaultType(3, "lookml_model", "LookmlModel", ("name",)),
    VaultType(4, "explore", "LookmlModelExplore", ("id", "name")),
    VaultType(5, "folder", "Folder", ("id", "name")),
    VaultType(6, "board", "Board", ("id",)),
    VaultType(7, "user", "User", ("id",)),
    VaultType(8, "group", "Group", ("id", "name")),
    VaultType(9, "role", "Role", ("id", "name")),
    VaultType(10, "permission_set", "PermissionSet", ("id", "name")),
    VaultType(11, "model_set", "ModelSet", ("id", "name")),
    VaultType(12, "scheduled_plan", "ScheduledPlan", ("id",)),
)
VAULT_TYPES: Final = MappingProxyType({kind.name: kind for kind in _VAULT_TYPES})
TYPE_BY_NUMBER: Final = MappingProxyType({kind.number: kind for kind in _VAULT_TYPES})

# Without these columns a table of this name belongs to another program. folder_id came with version 2.
REQUIRED_COLUMNS: Final = frozenset(
    (
        *("id", "content_type", "name", "owner_id", "owner_email", "created_at", "updated_at"),
        *("synced_at", "deleted_at", "content_size", "content_data"),
    )
)

_COLUMNS = """
    content_type INTEGER NOT NULL,
    name TEXT NOT NULL,
    owner_id INTEGER,
    owner_email TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    synced_at TEXT NOT NULL,
    deleted_at TEXT DEFAULT NULL,
    content_size INTEGER NOT NULL,
    content_data BLOB NOT NULL"""

_TABLE_START = "CREATE TABLE IF NOT EXISTS content_items "
_SHARED_ID: Final = f"{_TABLE_START}(id TEXT PRIMARY KEY NOT NULL,{_COLUMNS}"
_CONTENT_DDL: Final = MappingProxyType(
    {
        1: f"{_SHARED_ID})",
        2: f"{_SHARED_ID}, folder_id TEXT DEFAULT NULL)",
        3: f"{_SHARED_ID}, folder_id TEXT DEFAULT NULL)",
        4: f"{_TABLE_START}(id TEXT NOT NULL,{_COLUMNS}, folder_id TEXT DEFAULT NULL, PRIMARY KEY (id, content_type))",
    }
)

_INDEXES: Final = (
    "CREATE INDEX IF NOT EXISTS idx_content_type ON content_items(content_type) WHERE deleted_at IS NULL",
    "CREATE INDEX IF NOT EXISTS idx_owner_id ON content_items(owner_id) WHERE deleted_at IS NULL",
    "CREATE INDEX IF NOT EXISTS idx_updated_at ON content_items(updated_at DESC) WHERE deleted_at IS NULL",
    "CREATE INDEX IF NOT EXISTS idx_deleted_at ON content_items(deleted_at) WHERE deleted_at IS NOT NULL",
)
_FOLDER_INDEX: Final = (
    "CREATE INDEX IF NOT EXISTS idx_folder_id ON content_items(folder_id)"
    " WHERE deleted_at IS NULL AND folder_id IS NOT NULL AND content_type IN (1, 2, 6, 5)"
)
_OTHER_TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL,
    description TEXT)""",
    """CREATE TABLE IF NOT EXISTS extraction_sessions (id TEXT PRIMARY KEY NOT NULL, started_at TEXT NOT NULL,
    completed_at TEXT DEFAULT NULL, status TEXT NOT NULL, total_items INTEGER DEFAULT 0,
    error_count INTEGER DEFAULT 0, config TEXT, metadata TEXT)""",
    """CREATE TABLE IF NOT EXISTS sync_checkpoints (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT,
    content_type INTEGER NOT NULL, checkpoint_data TEXT NOT NULL, started_at TEXT NOT NULL,
    completed_at TEXT DEFAULT NULL, item_count INTEGER DEFAULT 0, error_message TEXT DEFAULT NULL,
    UNIQUE(session_id, content_type, started_at))""",
    """CREATE TABLE IF NOT EXISTS id_mappings (source_instance TEXT NOT NULL, content_type INTEGER NOT NULL,
    source_id TEXT NOT NULL, destination_id TEXT NOT NULL, created_at TEXT NOT NULL, session_id TEXT,
    PRIMARY KEY (source_instance, content_type, source_id))""",
)


def ddl(version: int = VERSION) -> tuple[str, ...]:
    """The statements that make the tables of schema ``version`` (1 to 4)."""
    folder_index = (_FOLDER_INDEX,) if version > 1 else ()
    return (_CONTENT_DDL[version], *_INDEXES, *folder_index, *_OTHER_TABLES)
