"""Any sequence of records, batches, failures and deaths of the writer leaves the state of a simple model."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lrestore.messages import OUTCOMES, Intent, ItemKey, ObjectMapping, Outcome, Totals
from lrestore.state.writer import StateWriter
from tests.state.builders import noon, result, session

SESSIONS = ("one", "two")
ITEMS = st.sampled_from("123")
PARTS = st.sampled_from("789")
LIVE = st.sampled_from(("70", "80"))


@dataclass
class Facts:
    """Results by (session, item), mappings by (type, source id), open intents by number."""

    results: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    mappings: dict[tuple[str, str], str] = field(default_factory=dict)
    intents: dict[int, tuple[str, str, str | None, str]] = field(default_factory=dict)

    def copy(self) -> Facts:
        return Facts(dict(self.results), dict(self.mappings), dict(self.intents))


def mapped_by(item: str, part: str | None) -> tuple[str, str]:
    return ("dashboard_element", part) if part else ("dashboard", item)


class StateFile(RuleBasedStateMachine):
    """``done`` holds committed records, ``pending`` those of the open batch; a kill discards ``pending``."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.batch: ExitStack | None = None
        self.done = Facts()
        self.pending = Facts()
        self.writer = StateWriter.open(self.folder / "state.db", now=noon)
        for session_id in SESSIONS:
            self.writer.begin_session(session(session_id))

    def teardown(self) -> None:
        self._abandon_batch()
        self.writer.close()
        shutil.rmtree(self.folder)

    @rule(session_id=st.sampled_from(SESSIONS), item=ITEMS, outcome=st.sampled_from(OUTCOMES))
    def record(self, session_id: str, item: str, outcome: Outcome) -> None:
        self.writer.record_result(session_id, result(outcome, item), b"blob")
        self.pending.results[session_id, item] = outcome
        if outcome == "created":
            self._map("dashboard", item, f"live-{item}")
        if outcome != "failed":
            whole = [number for number, (_, begun, _, _) in self.pending.intents.items() if begun == item]
            for number in whole:
                del self.pending.intents[number]
        self._committed()

    @rule(session_id=st.sampled_from(SESSIONS), part=PARTS, live=LIVE)
    def map_part(self, session_id: str, part: str, live: str) -> None:
        others = {
            source
            for (kind, source), target in self.pending.mappings.items()
            if (kind, target) == ("dashboard_element", live) and source != part
        }
        warnings = self.writer.record_mappings(session_id, [ObjectMapping("dashboard_element", part, live)])
        assert bool(warnings) == bool(others)
        self._map("dashboard_element", part, live)
        self._committed()

    @rule(session_id=st.sampled_from(SESSIONS), item=ITEMS, part=st.none() | PARTS, slug=st.sampled_from("ab"))
    def intend(self, session_id: str, item: str, part: str | None, slug: str) -> None:
        name = f"dashboard_element/{part}" if part else ""
        number = self.writer.open_intent(session_id, Intent(ItemKey("dashboard", item), name, slug))
        described = (session_id, item, part, slug)
        assert self.pending.intents.setdefault(number, described) == described
        self._committed()

    @precondition(lambda self: self.pending.intents)
    @rule(data=st.data(), live=LIVE)
    def close_intent(self, data: st.DataObject, live: str) -> None:
        number = data.draw(st.sampled_from(sorted(self.pending.intents)))
        _, item, part, _ = self.pending.intents[number]
        self.writer.close_intent(number, live)
        self._map(*mapped_by(item, part), live)
        self._committed()

    @precondition(lambda self: self.pending.intents)
    @rule(data=st.data())
    def drop_intent(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.pending.intents)))
        self.writer.drop_intent(number)
        del self.pending.intents[number]
        self._committed()

    @precondition(lambda self: self.batch is None)
    @rule()
    def begin_batch(self) -> None:
        self.batch = ExitStack()
        self.batch.enter_context(self.writer.transaction())

    @precondition(lambda self: self.batch is not None)
    @rule()
    def commit_batch(self) -> None:
        assert self.batch is not None
        self.batch.close()
        self.batch = None
        self._committed()

    @rule()
    def kill_and_reopen(self) -> None:
        """A killed writer leaves its files unchanged: the next writer starts from a copy of them."""
        found = self.folder / "found"
        found.mkdir()
        for name in ("state.db", "state.db-wal"):
            if (self.folder / name).exists():
                shutil.copy(self.folder / name, found / name)
        self._abandon_batch()
        self.writer.close()
        for copy in found.iterdir():
            copy.replace(self.folder / copy.name)
        found.rmdir()
        self.pending = self.done.copy()
        self.writer = StateWriter.open(self.folder / "state.db", now=noon)

    @invariant()
    def one_result_per_item_and_session(self) -> None:
        for session_id in SESSIONS:
            expected = {
                ItemKey("dashboard", item): outcome for (of, item), outcome in self._results() if of == session_id
            }
            assert self.writer.read.outcomes(session_id) == expected

    @invariant()
    def totals_are_the_counts_of_results(self) -> None:
        for session_id in SESSIONS:
            counts = Counter(outcome for (of, _), outcome in self._results() if of == session_id)
            assert self.writer.read.totals_by_type(session_id).get("dashboard", Totals()) == Totals.of(counts)

    @invariant()
    def each_failed_item_and_no_other_has_a_dead_letter(self) -> None:
        failed = {key for key, outcome in self._results() if outcome == "failed"}
        assert {(item.session_id, item.letter.id) for item in self.writer.read.dead_letters()} == failed

    @invariant()
    def mappings_are_as_last_recorded(self) -> None:
        recorded = {
            (found.content_type, found.source_id): found.destination_id for found in self.writer.read.mappings()
        }
        assert recorded == self.pending.mappings

    @invariant()
    def intents_are_open_until_mapped_or_dropped(self) -> None:
        assert {found.id for found in self.writer.read.open_intents()} == set(self.pending.intents)

    def _abandon_batch(self) -> None:
        if self.batch is not None:
            self.batch.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
            self.batch = None

    def _results(self) -> list[tuple[tuple[str, str], Outcome]]:
        return list(self.pending.results.items())

    def _map(self, kind: str, source: str, live: str) -> None:
        self.pending.mappings[kind, source] = live
        for number, (_, item, part, _) in list(self.pending.intents.items()):
            if (kind, source) == mapped_by(item, part):
                del self.pending.intents[number]

    def _committed(self) -> None:
        if self.batch is None:
            self.done = self.pending.copy()


TestStateFile = StateFile.TestCase
TestStateFile.settings = settings(max_examples=40, stateful_step_count=25, deadline=None, derandomize=True)
