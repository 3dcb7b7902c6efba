"""The recorded mappings that count for a session."""

from __future__ import annotations

from collections.abc import Sequence

from lrestore.messages import Recorded
from lrestore.ontology import CONTENT_TYPES
from lrestore.restoration.beside import Beside, route_of
from lrestore.state.read import StateReader
from lrestore.state.records import MappingRoute


class Mappings:
    """Reads mappings from the state file.

    A session that copies items beside the originals has mappings of its own. Those of ordinary sessions count for what
    the copies refer to, never for the copied items and their parts.
    """

    def __init__(self, reader: StateReader, route: MappingRoute, beside: Beside | None) -> None:
        """``route`` is that of ordinary sessions."""
        self._reader = reader
        self._ordinary = route
        self._beside = beside
        self.route = route_of(route, beside)

    def recorded(self, type_name: str, source_id: str) -> Recorded | None:
        """The recorded mapping of a backed-up object, or of a part of one."""
        found = self._reader.recorded(self.route, type_name, source_id)
        if found is None and self._beside is not None and self._beside.recorded_elsewhere(type_name, source_id):
            return self._reader.recorded(self._ordinary, type_name, source_id)
        return found

    def any(self, type_name: str) -> bool:
        """Whether :meth:`recorded` may find anything of the type."""
        routes = [self.route] if self._beside is None else [self.route, self._ordinary]
        return any(self._reader.maps(route, type_name) for route in routes)

    def recorded_as(self, type_name: str, destination_id: str) -> dict[str, Recorded]:
        """The mappings that lead to one live object, by source id."""
        own = self._reader.recorded_as(self.route, type_name, destination_id)
        if self._beside is None or type_name not in CONTENT_TYPES:
            return own
        return {**self._reader.recorded_as(self._ordinary, type_name, destination_id), **own}

    def copied(self, type_name: str, destination_id: str) -> Sequence[Recorded]:
        """The mappings by which a live object is a copy that any session has made beside an original."""
        return self._reader.recorded_copies(self._ordinary, type_name, destination_id)
