"""``--resume`` alone finds the settings file that the session was started with."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lrestore.cli.options import Options
from lrestore.cli.settings_files import remember, settings_to_resume
from lrestore.errors import SettingsError
from lrestore.settings import Settings
from lrestore.settings.model import StateSettings
from tests.cli.command import lrestore
from tests.run.cli_harness import CliHarness

KILLED = -9


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[CliHarness]:
    with CliHarness(tmp_path) as harness:
        yield harness


def key(harness: CliHarness) -> dict[str, str]:
    return {
        "LOOKERSDK_CLIENT_ID": harness.simulator.client_id,
        "LOOKERSDK_CLIENT_SECRET": harness.simulator.client_secret,
    }


def resume(harness: CliHarness, *arguments: str, **environ: str) -> tuple[int, str]:
    done = lrestore("--resume", *arguments, cwd=harness.directory, **key(harness), **environ)
    return done.returncode, done.stderr


def crash(harness: CliHarness, config: str = "c.toml", at: str = "run.session_begun:1", **environ: str) -> None:
    """A restore that is killed once its session is on record."""
    chosen = ["--config", config] if config else []
    done = lrestore(*chosen, "--select", "look", cwd=harness.directory, **key(harness), LRESTORE_CRASH=at, **environ)
    assert done.returncode == KILLED, done.stderr


def with_other_state(harness: CliHarness) -> None:
    text = (harness.directory / "c.toml").read_text(encoding="utf-8")
    (harness.directory / "other.toml").write_text(text.replace('"state.db"', '"other.db"'), encoding="utf-8")


@pytest.mark.parametrize("at", ["run.session_begun:1", "report.before_write:1", "report.published:1"])
def test_resume_alone_uses_the_settings_file_of_the_killed_session(harness: CliHarness, at: str) -> None:
    crash(harness, at=at)
    code, said = resume(harness)
    assert code == 0, said
    first = said.splitlines()[0]
    assert str(harness.directory / "c.toml") in first and "with its settings file" in first
    assert harness.status() == "finished"


def test_a_finished_session_is_not_resumed(harness: CliHarness) -> None:
    assert harness.run("--select", "look")[0] == 0
    code, said = resume(harness)
    assert code == 2 and "no unfinished session" in said


def test_a_session_that_is_finished_in_the_state_file_is_ignored(harness: CliHarness) -> None:
    crash(harness)
    with closing(sqlite3.connect(harness.directory / "state.db")) as state, state:
        state.execute("UPDATE sessions SET status = 'finished'")
    code, said = resume(harness)
    assert code == 2 and "no unfinished session" in said


def test_several_unfinished_sessions_are_listed_to_choose_from(harness: CliHarness) -> None:
    with_other_state(harness)
    crash(harness)
    crash(harness, "other.toml")
    code, said = resume(harness)
    assert code == 2
    assert str(harness.directory / "c.toml") in said and str(harness.directory / "other.toml") in said
    session = next(word for word in said.split("other.toml --resume ")[1].split())
    assert resume(harness, session)[0] == 0
    assert str(harness.directory / "c.toml") in resume(harness)[1].splitlines()[0]


def test_the_session_of_another_directory_is_ignored(harness: CliHarness, tmp_path: Path) -> None:
    crash(harness)
    (tmp_path / "elsewhere").mkdir()
    done = lrestore("--resume", cwd=tmp_path / "elsewhere", **key(harness))
    assert done.returncode == 2 and "no unfinished session" in done.stderr


def test_the_unfinished_session_takes_precedence_over_the_local_settings_file(harness: CliHarness) -> None:
    with_other_state(harness)
    crash(harness, "other.toml")
    shutil.copy(harness.directory / "c.toml", harness.directory / "lrestore.toml")
    code, said = resume(harness)
    assert code == 0 and str(harness.directory / "other.toml") in said.splitlines()[0]


def test_resume_reports_a_missing_state_file(harness: CliHarness) -> None:
    crash(harness)
    (harness.directory / "state.db").unlink()
    code, said = resume(harness)
    assert code == 2 and f"the state file {harness.directory / 'state.db'} is missing" in said


def test_missing_environment_settings_are_named(harness: CliHarness) -> None:
    there = {
        "LOOKERSDK_BASE_URL": harness.simulator.base_url,
        "LRESTORE_SOURCE_PATH": "vault.db",
        "LRESTORE_RUN_SETTLE_S": "1",
        "LRESTORE_STATE_PATH": "from-environment.db",
    }
    crash(harness, "", **there)
    code, said = resume(harness)
    assert code == 2
    assert "LOOKERSDK_BASE_URL" in said and "LRESTORE_SOURCE_PATH" in said
    assert resume(harness, LOOKERSDK_BASE_URL=harness.simulator.base_url, LRESTORE_RUN_SETTLE_S="1")[0] == 0


def test_the_session_is_resumed_in_its_state_file_although_a_variable_named_it(harness: CliHarness) -> None:
    crash(harness, LRESTORE_STATE_PATH="elsewhere.db")
    code, said = resume(harness)
    assert code == 0, said
    assert not (harness.directory / "state.db").exists()


@pytest.mark.parametrize("home", ["/dev/null/x", "/proc/nothing", "relative"])
def test_an_unwritable_home_does_not_stop_a_run(harness: CliHarness, home: str) -> None:
    code, said = harness.run("--select", "look", XDG_STATE_HOME=home, HOME=home)
    assert code == 0, said
    code, said = resume(harness, XDG_STATE_HOME=home, HOME=home)
    assert code == 2 and "no destination is set" in said


def not_resumed(environ: dict[str, str]) -> str:
    """The message of a ``--resume`` that finds no session of this directory."""
    with pytest.raises(SettingsError) as caught:
        settings_to_resume(Options(resume="last"), environ, lambda text: None)
    return caught.value.message


def test_a_directory_that_is_gone_has_no_sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "gone"
    here.mkdir()
    monkeypatch.chdir(here)
    here.rmdir()
    remember("20260101-000000-abcd", Options(), Settings(), {"XDG_STATE_HOME": str(tmp_path)})
    assert not any(tmp_path.iterdir())
    assert "no unfinished session of this directory is known" in not_resumed({"XDG_STATE_HOME": str(tmp_path)})


def test_damaged_and_impossible_files_of_sessions_are_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "lrestore" / "sessions"
    folder.mkdir(parents=True)
    (folder / "20260101-000000-abcd.json").write_bytes(b"{")
    (folder / "20260102-000000-abcd.json").mkdir()
    remember("20260102-000000-abcd", Options(), Settings(), {"XDG_STATE_HOME": str(tmp_path)})
    assert sorted(folder.iterdir()) == [folder / f"2026010{day}-000000-abcd.json" for day in (1, 2)]
    for home in (str(tmp_path), "/\0"):
        assert "no unfinished session of this directory is known" in not_resumed({"XDG_STATE_HOME": home})


def test_a_session_in_a_damaged_state_file_is_resumed_to_report_the_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "state.db").write_bytes(b"no database" * 100)
    text = '[destination]\nbase_url = "https://looker.example.com"\n[state]\npath = "state.db"\n'
    (tmp_path / "c.toml").write_text(text, encoding="utf-8")
    config, environ = Options(config=Path("c.toml")), {"XDG_STATE_HOME": str(tmp_path)}
    remember("20260101-000000-abcd", config, Settings(state=StateSettings(path="state.db")), environ)
    said: list[str] = []
    options, _ = settings_to_resume(Options(resume="last"), environ, said.append)
    assert options.config == tmp_path / "c.toml" and "20260101-000000-abcd" in said[0]


def test_stored_settings_contain_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    environ = {"XDG_STATE_HOME": str(tmp_path / "home"), "LOOKERSDK_CLIENT_SECRET": "s3cr3t-value"}
    remember("20260101-000000-abcd", Options(config=Path("c.toml")), Settings(), environ)
    (file,) = (tmp_path / "home" / "lrestore" / "sessions").iterdir()
    assert "s3cr3t-value" not in file.read_text(encoding="utf-8")
    assert str(tmp_path / "c.toml") in file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o077 == 0
