"""``lrestore.restore()``, ``plan()``, ``verify()``: the command without the printing."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import signal
import threading
import typing
from pathlib import Path

import pytest

import lrestore
from lrestore import errors
from lrestore.cli.keywords import Keywords
from lrestore.cli.options import Options
from lrestore.cli.python_api import _ONLY_FOR_THE_SCREEN
from lrestore.errors import RunError, SettingsError, UsageError
from lrestore.json_types import JsonObject
from tests.cli.conftest import CONFIG


@pytest.fixture(autouse=True)
def _there(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(demo)


def test_the_functions_return_the_report_and_print_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    planned = lrestore.plan(CONFIG, select=["dashboard=1"])
    assert planned.mode == "plan" and planned.totals.updated == 1 and planned.plan
    restored = lrestore.restore(CONFIG, select=["dashboard=1"], report="r.json", max_runtime="2h")
    assert restored.totals.updated == 1 and Path("r.json").exists()
    verified = lrestore.verify(CONFIG, select=["dashboard=1"])
    assert verified.verify and verified.verify.equal == 1 and not verified.verify.different
    undone = lrestore.undo(restored.session_id, CONFIG)
    assert undone.totals.updated == 1
    assert lrestore.verify(CONFIG, select=["dashboard=1"]).totals.unchanged == 0
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "")


def test_errors_are_exceptions() -> None:
    with pytest.raises(SettingsError, match=r"none\.toml"):
        lrestore.restore("none.toml", select=["all"])
    with pytest.raises(UsageError, match="list of SPECs"):
        lrestore.restore(CONFIG, select="all")
    with pytest.raises(UsageError, match="exclude each other"):
        lrestore.plan(CONFIG, select=["all"], dry_run=True)
    # A type checker refuses these two.
    with pytest.raises(TypeError, match="selection"):
        lrestore.restore(CONFIG, select=["all"], selection=["all"])  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="command line only"):
        lrestore.restore(CONFIG, select=["all"], verbose=True)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"exclude": "user"}, "exclude is a list of SPECs"),
        ({"select": [42]}, "42 is not text"),
        ({"folder": 5}, "folder: Expected str"),
        ({"folder": ""}, "--folder is empty"),
        ({"verify": True}, "verify must be one of: alone, after"),
        ({"verify": "later"}, "verify must be one of: alone, after"),
        ({"dry_run": "yes"}, "dry_run: Expected bool"),
        ({"workers": "4"}, "workers: Expected int"),
        ({"workers": 65}, r"\[run\] workers: expected a whole number <= 64"),
        ({"max_calls": 0}, "max_calls must be greater than zero"),
        ({"max_runtime": -1.0}, "max_runtime must be greater than zero"),
        ({"max_runtime": "soon"}, "max_runtime: 'soon' is not a duration"),
    ],
    ids=str,
)
def test_a_wrong_keyword_is_refused(given: dict[str, object], complaint: str) -> None:
    """verify=True once restored without comparing anything."""
    keywords: JsonObject = {"select": ["dashboard=1"], **given}
    with pytest.raises(UsageError, match=complaint):
        lrestore.restore(CONFIG, **keywords)
    assert not Path("demo/state.db").exists()


def test_resume_without_a_session_does_not_restore_the_selection_of_the_settings() -> None:
    with pytest.raises(RunError, match="there is no state file"):
        lrestore.restore(CONFIG, resume="last")
    assert not Path("demo/state.db").exists()
    lrestore.restore(CONFIG)
    with pytest.raises(UsageError, match="there is no unfinished session"):
        lrestore.restore(CONFIG, resume="last")


def test_the_keywords_are_the_flags_with_their_choices() -> None:
    fields = {field.name: field for field in dataclasses.fields(Options)}
    kinds = typing.get_type_hints(Keywords)
    assert set(kinds) == set(fields) - set(_ONLY_FOR_THE_SCREEN) - {"select"}
    for name, kind in kinds.items():
        choices = fields[name].metadata.get("choices")
        assert not choices or set(typing.get_args(typing.get_args(kind)[0])) == set(choices), name


def test_the_errors_of_a_run_are_exported() -> None:
    of_runs = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, RunError)}
    assert of_runs <= set(lrestore.__all__)
    assert all(getattr(lrestore, name) for name in lrestore.__all__)


def surroundings() -> object:
    """What a program that calls lrestore has set, and expects to find again."""
    loggers = [logging.getLogger(name) for name in (None, "lrestore")]
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    return [(list(one.handlers), one.level, one.propagate) for one in loggers], handlers, threading.enumerate()


def test_it_runs_in_a_notebook_and_in_a_thread_and_leaves_all_as_it_was() -> None:
    """A notebook's cell runs inside an event loop; a scheduler calls from a thread of its own."""
    before = surroundings()

    async def cell() -> lrestore.Report:
        done = lrestore.restore(CONFIG, select=["dashboard"])
        checked = await asyncio.to_thread(lrestore.verify, CONFIG, select=["dashboard=1"])
        assert checked.totals.unchanged == checked.totals.selected == 1
        return done

    done = asyncio.run(cell())
    assert (done.totals.succeeded, done.totals.failed) == (done.totals.selected, 0)
    assert surroundings() == before


def test_importing_a_submodule_keeps_the_function_of_the_same_name() -> None:
    import importlib

    importlib.import_module("lrestore.restoration.context")
    assert callable(lrestore.restore)
