"""Reads the destination's API specification: once per release, and only if it is not known.

The document has several megabytes, so its reduced form is kept in the state file. It is not requested from a Looker of
the release that the installed SDK was made for: the SDK's models, minus the errata, contain the same facts. If it
cannot be read, a warning says so and the built-in release table is used.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lrestore.errors import LookerError, NotFoundError
from lrestore.looker.session import LookerSession
from lrestore.ontology import fields
from lrestore.ontology.specification import Specification, UnusableSpecificationError, reduced
from lrestore.run.job import DestinationFacts
from lrestore.run.prepare.preflight import API_VERSION
from lrestore.state.connection import has_records
from lrestore.state.read import StateReader
from lrestore.state.writer import StateWriter

log = logging.getLogger(__name__)

_DOCUMENT = "swagger.json"


@dataclass(frozen=True, slots=True)
class Known:
    """Facts about the destination. ``fresh``: its specification was read just now and is not recorded yet."""

    facts: DestinationFacts
    fresh: bool = False

    def keep(self, writer: StateWriter, destination: str) -> None:
        """Record a fresh specification for the next run."""
        if self.fresh and self.facts.specification is not None:
            writer.record_specification(destination, self.facts.looker_version, self.facts.specification)


def load_api_specification(session: LookerSession, facts: DestinationFacts, state: Path, destination: str) -> Known:
    """``facts`` with the destination's own specification, from the state file or from the destination.

    Does not fail if there is none: the warnings of the facts give the reason.
    """
    recorded = _recorded(state, destination, facts.looker_version)
    if recorded is not None:
        return Known(replace(facts, specification=recorded))
    if facts.looker_version and _minor(facts.looker_version) == fields.sdk_release():
        return Known(facts)
    try:
        found = reduced(_document(session, facts.swagger_url))
    except (LookerError, UnusableSpecificationError) as error:
        return Known(_without(facts, str(error)))
    release = facts.looker_version or found.release
    log.debug("using the specification of Looker %s", release)
    return Known(replace(facts, specification=found, looker_version=release), fresh=bool(release))


def _recorded(state: Path, destination: str, release: str) -> Specification | None:
    if not release or not has_records(state):
        return None
    with StateReader.open(state) as reader:
        return reader.specification(destination, release)


def _minor(release: str) -> str:
    return ".".join(release.split(".")[:2])


def _document(session: LookerSession, swagger_url: str) -> Any:
    """The specification from its usual path in API 4.0, or from the path that the instance names, in the same API."""
    try:
        return session.call_once("api_spec", path={"api_version": API_VERSION, "specification": _DOCUMENT})
    except NotFoundError:
        if not urlsplit(swagger_url).path.endswith(f"/api/{API_VERSION}/{_DOCUMENT}"):
            raise
    return session.call_once("swagger")


def _without(facts: DestinationFacts, reason: str) -> DestinationFacts:
    release = f"Looker {facts.looker_version}" if facts.looker_version else "this Looker"
    warning = f"could not fetch the API specification of {release}; using the built-in release table: {reason}"
    return replace(facts, warnings=(*facts.warnings, warning))
