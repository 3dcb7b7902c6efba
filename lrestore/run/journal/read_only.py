"""The journal of a mode that writes nothing: it answers from the state file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from lrestore.messages import ItemKey, ObjectMapping, Recorded
from lrestore.restoration.beside import Beside, route_of
from lrestore.run.job import Job
from lrestore.run.journal.mappings import Mappings
from lrestore.run.journal.session import recorded_as
from lrestore.state.connection import has_records
from lrestore.state.read import StateReader
from lrestore.state.records import MappingRoute


class ReadOnlyJournal:
    """Implements :class:`lrestore.restoration.journal.Records` for modes that write nothing."""

    def __init__(self, state: Path, route: MappingRoute, beside: Beside | None = None) -> None:
        """``route`` is that of ordinary sessions, ``beside`` the copies that this one makes."""
        self._reader = StateReader.open(state) if has_records(state) else None
        self._route = route_of(route, beside)
        self._mappings = Mappings(self._reader, route, beside) if self._reader else None
        self.pretended: dict[tuple[str, str], str] = {}
        """Objects that the plan would create, and their placeholder ids."""
        self._taken_over: dict[tuple[str, str], Recorded] = {}

    @classmethod
    def of(cls, job: Job) -> Self:
        """The journal of a run that has not begun to write."""
        return cls(Path(job.settings.state.path), job.ordinary_route, job.request.beside)

    def recorded(self, type_name: str, source_id: str) -> Recorded | None:
        if (type_name, source_id) in self.pretended:
            return Recorded(self.pretended[type_name, source_id], sure=True)
        taken_over = self._taken_over.get((type_name, source_id))
        return taken_over or (self._mappings.recorded(type_name, source_id) if self._mappings else None)

    def copied(self, type_name: str, destination_id: str) -> Sequence[Recorded]:
        return self._mappings.copied(type_name, destination_id) if self._mappings else ()

    def take_over(self, mapping: ObjectMapping) -> None:
        """Use a mapping that a restore would record."""
        known = Recorded(mapping.destination_id, mapping.proof, sure=True)
        self._taken_over[mapping.type, mapping.source_id] = known

    def begun(self, key: ItemKey) -> bool:
        return False

    def unsettled(self, key: ItemKey) -> bool:
        return self._reader is not None and self._reader.in_doubt(self._route, key, parts=False)

    def in_doubt(self, key: ItemKey) -> bool:
        return False

    def unsettled_parts(self, key: ItemKey) -> frozenset[tuple[str, str]]:
        return frozenset() if self._reader is None else self._reader.open_parts(self._route, key)

    def recorded_as(self, type_name: str, destination_id: str) -> dict[str, Recorded]:
        pretended = [(key, Recorded(live, sure=True)) for key, live in self.pretended.items()]
        own = recorded_as([*pretended, *self._taken_over.items()], type_name, destination_id)
        recorded = self._mappings.recorded_as(type_name, destination_id) if self._mappings else {}
        return {**recorded, **own}

    def kept(self, key: ItemKey, object_id: str, created_at: object) -> bool:
        return False

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
