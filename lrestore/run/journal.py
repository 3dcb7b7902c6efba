"""The journal of a run in one process: straight into the state file and the undo shard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lrestore.messages import Intent, Mapping
from lrestore.state.read import StateReader
from lrestore.state.undo import UndoJournal
from lrestore.state.writer import StateWriter


class LocalJournal:
    """Implements :class:`lrestore.restoration.context.Journal`; every call is durable when it returns."""

    def __init__(
        self, writer: StateWriter, reader: StateReader, undo: UndoJournal, route: tuple[str, str, str]
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._undo = undo
        self._session_id, self._source_instance, self._destination = route

    def mapping(self, type_name: str, source_id: str) -> str | None:
        return self._reader.mapping(self._source_instance, self._destination, type_name, source_id)

    def map(self, type_name: str, source_id: str, destination_id: str) -> None:
        self._writer.record_mappings(self._session_id, [Mapping(type_name, source_id, destination_id)])

    def open_intent(self, intent: Intent) -> int:
        return self._writer.open_intent(self._session_id, intent)

    def close_intent(self, number: int, type_name: str, source_id: str, destination_id: str) -> None:
        self._writer.close_intent(number, destination_id)

    def drop_intent(self, number: int) -> None:
        self._writer.drop_intent(number)

    def keep(self, type_name: str, object_id: str, name: str, live: dict[str, Any]) -> None:
        self._undo.before_update(type_name, object_id, name, live)

    def created(self, type_name: str, object_id: str) -> None:
        self._undo.created(type_name, object_id)


class ReadOnlyJournal:
    """For modes that write nothing: mappings are read where there are any, and every write is a mistake."""

    def __init__(self, state: Path, source_instance: str, destination: str) -> None:
        self._reader = StateReader.open(state) if state.exists() else None
        self._route = (source_instance, destination)

    def mapping(self, type_name: str, source_id: str) -> str | None:
        if self._reader is None:
            return None
        source_instance, destination = self._route
        return self._reader.mapping(source_instance, destination, type_name, source_id)

    def map(self, type_name: str, source_id: str, destination_id: str) -> None:
        raise AssertionError("a mode that writes nothing recorded a mapping")

    def open_intent(self, intent: Intent) -> int:
        raise AssertionError("a mode that writes nothing opened an intent")

    def close_intent(self, number: int, type_name: str, source_id: str, destination_id: str) -> None:
        raise AssertionError("a mode that writes nothing closed an intent")

    def drop_intent(self, number: int) -> None:
        raise AssertionError("a mode that writes nothing dropped an intent")

    def keep(self, type_name: str, object_id: str, name: str, live: dict[str, Any]) -> None:
        raise AssertionError("a mode that writes nothing kept an undo copy")

    def created(self, type_name: str, object_id: str) -> None:
        raise AssertionError("a mode that writes nothing created an object")

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
