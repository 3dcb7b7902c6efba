"""Id mappings that LookerVault's own restore recorded in the backup file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lrestore.messages import Mapping
from lrestore.vault import rows, schema
from lrestore.vault.files import OpenFile

_QUERY = "SELECT content_type, source_id, destination_id FROM id_mappings ORDER BY created_at, source_id"


def of_files(files: Sequence[OpenFile]) -> Iterator[Mapping]:
    """The mappings of all files, oldest first within a file; ids without the type that some are prefixed with."""
    for file in files:
        if "id_mappings" in file.tables:
            for number, source_id, destination_id in rows.fetch(file, _QUERY):
                kind = schema.KIND_BY_NUMBER.get(number)
                if kind is not None:
                    yield Mapping(kind.name, source_id.removeprefix(kind.prefix), destination_id)
