"""The plan file: readable JSON, and a digest over its content that detects accidents and edits.

The digest is SHA-256 over the canonical JSON of everything but itself (keys sorted, no white space). A file that was
only reformatted is still the same plan. The digest is not a signature: anyone who edits the file can recompute it.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import msgspec

from lrestore.errors import StateError, UsageError
from lrestore.json_types import JsonObject
from lrestore.report.write import write_whole
from lrestore.run.saved_plan.model import KIND, SCHEMA, SavedPlan
from lrestore.state.connection import state_errors
from lrestore.state.open_file import sync_folder
from lrestore.state.undo_folder import PLAN_COPY, make_directory, undo_directory
from lrestore.text.storable import to_json

_DIGEST = "sha256:"
_AGAIN = "make a new plan with --plan-out"
_STATE_HINT = (
    "start again with --apply FILE and the original plan file; items that are written already are found unchanged"
)


class ReadPlan(msgspec.Struct, frozen=True):
    """A plan as it was read: its content, and the digest that names it."""

    plan: SavedPlan
    digest: str
    content: bytes


def write_plan(plan: SavedPlan, path: Path | str) -> str:
    """Write the file atomically; returns its digest. Raises LrestoreError if that fails."""
    content: JsonObject = json.loads(to_json(plan))
    digest = _digest({"kind": KIND, "schema": SCHEMA, **content})
    whole = {"kind": KIND, "schema": SCHEMA, "digest": digest, **content}
    write_whole(path, json.dumps(whole, indent=1, ensure_ascii=False).encode() + b"\n", what="plan")
    return digest


def read_plan(path: Path | str) -> ReadPlan:
    """Read and check the file. Raises UsageError with the reason if it is not a complete, unedited plan of this
    version.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"the plan {path} cannot be read: {error.strerror or error}") from error
    return decoded(content, str(path))


def decoded(content: bytes, name: str) -> ReadPlan:
    """Parse the plan in ``content``; ``name`` names it in messages. Raises UsageError."""
    found = _parsed(content, name)
    if not isinstance(found, dict) or found.get("kind") != KIND:
        raise UsageError(f"{name} is not a plan of lrestore", hint="--plan-out FILE writes one")
    schema, digest = found.get("schema"), found.pop("digest", None)
    if type(schema) is not int or schema < 1:
        raise UsageError(f"the plan {name} has no schema version: it is damaged", hint=_AGAIN)
    if schema > SCHEMA:
        raise UsageError(
            f"the plan {name} was written by a newer lrestore: its schema is {schema}, this version reads {SCHEMA}",
            hint="apply it with the lrestore that wrote it, or make a new plan",
        )
    if digest != _digest_of(found, name):
        problem = f"its digest is {digest}, its content has another" if digest else "it has no digest"
        raise UsageError(f"the plan {name} was edited or damaged after it was written: {problem}", hint=_AGAIN)
    try:
        return ReadPlan(msgspec.convert(found, SavedPlan), str(digest), content)
    except (msgspec.ValidationError, RecursionError) as error:
        raise UsageError(f"the plan {name} cannot be understood: {error}", hint=_AGAIN) from error


def _parsed(content: bytes, name: str) -> Any:
    try:
        return json.loads(content)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise UsageError(
            f"the plan {name} is damaged or truncated: no JSON at {place} ({error.msg})", hint=_AGAIN
        ) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the plan {name} is damaged: no JSON text ({error})", hint=_AGAIN) from error


def _digest_of(content: JsonObject, name: str) -> str:
    try:
        return _digest(content)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the plan {name} is damaged: {error}", hint=_AGAIN) from error


def _digest(content: JsonObject) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return _DIGEST + hashlib.sha256(text.encode()).hexdigest()


def keep_copy(plan: ReadPlan, state_path: Path | str, session_id: str) -> None:
    """Store the plan durably in the folder of the session that applies it, before the session begins.

    Raises StateError if that fails.
    """
    folder = undo_directory(state_path, session_id)
    copy = folder / PLAN_COPY
    with state_errors(copy):
        make_directory(folder)
        with copy.open("wb") as file:
            file.write(plan.content)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(folder)


def kept_copy(state_path: Path | str, session_id: str, digest: str) -> ReadPlan:
    """The copy of the plan that a session applies. Raises StateError if it is missing or has changed."""
    copy = undo_directory(state_path, session_id) / PLAN_COPY
    subject = f"session {session_id} applies a plan whose copy"
    try:
        content = copy.read_bytes()
    except FileNotFoundError as error:
        raise StateError(f"{subject} is missing: {copy}", hint=_STATE_HINT) from error
    except OSError as error:
        raise StateError(f"{subject} cannot be read: {copy}: {error.strerror or error}", hint=_STATE_HINT) from error
    try:
        found = decoded(content, str(copy))
    except UsageError as error:
        raise StateError(f"{subject} is damaged: {error.message}", hint=_STATE_HINT) from error
    if found.digest != digest:
        raise StateError(f"{subject} is another plan by now: {copy}", hint=_STATE_HINT)
    return found
