"""The summary of a backup for ``--show source``."""

from __future__ import annotations

from collections.abc import Container, Sequence

import msgspec

from lrestore.messages import ItemKey
from lrestore.vault import index, schema, versions
from lrestore.vault.content_warnings import Findings
from lrestore.vault.decode import decode
from lrestore.vault.files import OpenFile
from lrestore.vault.lookup import Finder, FoundRow, Refused


class TypeSummary(msgspec.Struct):
    """One type. ``items`` are live objects that can be read; ``corrupt`` and ``deleted`` ones are counted apart."""

    items: int = 0
    corrupt: int = 0
    deleted: int = 0
    bytes: int = 0


class SourceSummary(msgspec.Struct, kw_only=True):
    """The JSON of ``--show source``. ``by_type`` has the types of which the backup holds anything; ``chosen`` says why
    these files count, of several.
    """

    files: list[str]
    schema_versions: list[int]
    items: int = 0
    corrupt: int = 0
    deleted: int = 0
    by_type: dict[str, TypeSummary] = msgspec.field(default_factory=dict)
    synced_from: str | None = None
    synced_to: str | None = None
    warnings: list[str] = msgspec.field(default_factory=list)
    chosen: str | msgspec.UnsetType = msgspec.UNSET


def of_vault(
    finder: Finder,
    files: Sequence[OpenFile],
    warnings: Sequence[str],
    wanted: Container[ItemKey] | None = None,
) -> SourceSummary:
    """Decode everything and count the wanted items (None: all); ``warnings`` are those that the tables alone gave rise
    to.
    """
    summary = SourceSummary(
        files=[file.path for file in files], schema_versions=sorted({versions.of_file(file) for file in files})
    )
    findings = Findings()
    for entry in index.index_rows(finder, list(schema.VAULT_TYPES.values()), decode):
        # Warnings are about the whole backup, so objects outside of the selection count, too.
        findings.note(entry)
        if wanted is None or entry.index_row().key in wanted:
            _count(summary, entry)
    for counted in summary.by_type.values():
        summary.items += counted.items
        summary.corrupt += counted.corrupt
        summary.deleted += counted.deleted
    summary.warnings = [*warnings, *findings.warnings()]
    return summary


def _count(summary: SourceSummary, entry: FoundRow | Refused) -> None:
    row = entry.index_row()
    counted = summary.by_type.setdefault(row.key.type, TypeSummary())
    counted.bytes += row.size_bytes
    if row.deleted:
        counted.deleted += 1
    elif row.corrupt:
        counted.corrupt += 1
    else:
        counted.items += 1
    if row.synced_at:
        summary.synced_from = min(summary.synced_from or row.synced_at, row.synced_at)
        summary.synced_to = max(summary.synced_to or row.synced_at, row.synced_at)
