"""Which settings a resumed session keeps, and which come from the new start."""

from __future__ import annotations

import msgspec
import pytest

from lrestore.errors import UsageError
from lrestore.run.request import RunRequest, ThisStart
from lrestore.run.resume import _as_begun
from lrestore.settings import DestinationSettings, RateSettings, RunSettings, Settings, SourceSettings
from lrestore.state.records import RestorationSession

BEGUN = Settings(
    source=SourceSettings(path="vault.db", instance="prod"),
    destination=DestinationSettings(base_url="https://looker", name="here"),
    run=RunSettings(workers=3, keep_extra=True),
    rate=RateSettings(per_second=40.0, burst=2),
)
SESSION = RestorationSession(
    id="1",
    mode="restore",
    source_instance="prod",
    source_paths=("vault.db",),
    destination="here",
    settings=msgspec.to_builtins(BEGUN),
)


@pytest.mark.parametrize(("flag", "per_second"), [(None, 40.0), (8.0, 8.0), (0.0, 0.0)])
def test_settings_are_those_of_the_start_and_the_rate_too_unless_the_flag_is_given(
    flag: float | None, per_second: float
) -> None:
    """--resume keeps the rate of the session."""
    now = Settings(destination=BEGUN.destination, run=RunSettings(workers=9), rate=RateSettings(per_second=700.0))
    again = _as_begun(now, SESSION, ThisStart(rate=flag))
    assert (again.run, again.source) == (BEGUN.run, BEGUN.source)
    assert again.rate == RateSettings(per_second=per_second, burst=2)


def test_destination_and_source_instance_come_from_this_start() -> None:
    moved = DestinationSettings(base_url="https://looker:19999", name="here", timeout_s=5)
    again = _as_begun(Settings(source=SourceSettings(base_url="https://old"), destination=moved), SESSION, ThisStart())
    assert again.destination == moved
    assert (again.source.base_url, again.source.path) == ("https://old", "vault.db")
    with pytest.raises(UsageError, match="'there'"):
        _as_begun(Settings(destination=DestinationSettings(base_url="https://x", name="there")), SESSION, ThisStart())


def test_budgets_hold_for_one_start_but_yes_and_verify_persist() -> None:
    begun = RunRequest(select=("all",), max_calls=5, max_runtime_s=60.0, yes=True, verify_after=True)
    again = ThisStart().applied_to(begun)
    assert (again.max_calls, again.max_runtime_s, again.yes, again.verify_after) == (None, None, True, True)
    asked = ThisStart(max_calls=9, verify_after=True).applied_to(RunRequest(select=("all",)))
    assert (asked.max_calls, asked.yes, asked.verify_after) == (9, False, True)
