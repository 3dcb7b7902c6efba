"""A backup of a generated world, as LookerVault would write it.

Dashboards and looks come from searches: none from the trash, looks without their query. At the top level null fields
are absent; a nested object has every field of its class in the SDK of that time. Moments are msgpack timestamps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lrestore.json_types import JsonObject
from lrestore.simulator.core import schema
from lrestore.simulator.core.store import Record, World
from lrestore.simulator.core.views import render
from lrestore.simulator.core.vintage import full_name, unborn
from lrestore.vault.shard import ShardWriter

SHOWN_AS: Mapping[str, str] = {
    "dashboard": "Dashboard",
    "look": "Look",
    "lookml_model": "LookmlModel",
    "folder": "FolderBase",
    "board": "Board",
    "user": "User",
    "group": "Group",
    "role": "Role",
    "permission_set": "PermissionSet",
    "model_set": "ModelSet",
    "scheduled_plan": "ScheduledPlan",
}
"""The types that LookerVault backs up, and the schema by which it reads each of them."""

DEFAULT_SDK = "25.20"
"""The release of LookerVault's SDK for a long time; fields of later releases are lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """Options of the backup. *at* is the moment of extraction; *sequential* writes ids such as ``dashboard::1``."""

    at: datetime
    sdk: str = DEFAULT_SDK
    sequential: bool = False


def write_backup(world: World, path: Path, extraction: Extraction) -> int:
    """Write a backup of the world to *path* and return its number of objects. FileExistsError if the file exists."""
    if path.exists():
        raise FileExistsError(f"{path} exists already: a backup is never written over")
    count = 0
    with ShardWriter(path) as shard, shard.batch():
        for kind, record in _extracted(world):
            _put(shard, kind, blob_of(world, kind, record, extraction.sdk), extraction)
            count += 1
    return count


def _extracted(world: World) -> Iterator[tuple[str, Record]]:
    for kind in SHOWN_AS:
        for record in world.table(kind):
            if not (kind in ("dashboard", "look") and record["deleted"]):
                yield kind, record


def blob_of(world: World, kind: str, record: Record, sdk: str = DEFAULT_SDK) -> JsonObject:
    """The content of a row, before it is packed: null fields left out at the top, present below."""
    name = SHOWN_AS[kind]
    shown = _as_sdk(name, render(world, kind, record, name), unborn(sdk))
    return {key: value for key, value in shown.items() if value is not None}


def _as_sdk(name: str, shown: Mapping[str, Any], missing: frozenset[str]) -> JsonObject:
    return {
        key: _value(spec, shown.get(key), missing)
        for key, spec in schema.schema(name).fields.items()
        if full_name(name, key) not in missing
    }


def _value(spec: schema.FieldSpec, value: Any, missing: frozenset[str]) -> Any:
    if value is None:
        return None
    convert: Callable[[Any], Any] = _same
    if spec.is_schema:
        convert = lambda inner: _as_sdk(spec.kind, inner, missing)  # noqa: E731
    elif spec.kind == "datetime":
        convert = datetime.fromisoformat
    return [convert(entry) for entry in value] if spec.is_list else convert(value)


def _same(value: Any) -> Any:
    return value


def _put(shard: ShardWriter, kind: str, blob: Mapping[str, Any], extraction: Extraction) -> None:
    key = str(blob["name"] if kind == "lookml_model" else blob["id"])
    title = blob.get("title") or blob.get("name") or f"Untitled {key}"
    shard.put(
        kind,
        f"{kind}::{key}" if extraction.sequential else key,
        str(title),
        blob,
        owner_id=blob.get("user_id"),
        created_at=blob.get("created_at", extraction.at),
        updated_at=blob.get("updated_at", extraction.at),
        synced_at=extraction.at,
        folder_id=blob.get("folder_id"),
    )
