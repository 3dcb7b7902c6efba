"""Settings: which source wins, and that nothing wrong gets through or goes unexplained."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrestore
from lrestore.errors import SettingsError
from lrestore.settings import Settings, load_settings, require_destination, require_source
from lrestore.settings.model import kinds

EXAMPLE = Path(lrestore.__file__).parents[1] / "conf" / "prod.toml"


class Write(Protocol):
    """Writes a file, and returns its path."""

    def __call__(self, text: str, name: str = ..., /) -> Path: ...


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str, name: str = "prod.toml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return written


@pytest.fixture(autouse=True)
def _in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refusal(file: Path | None, environ: Mapping[str, str] | None = None, **overrides: object) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(file, environ or {}, {key.replace("__", "."): value for key, value in overrides.items()})
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_without_anything_the_defaults_hold() -> None:
    settings = load_settings(None, {}, {})
    assert settings == Settings()
    assert (settings.run.workers, settings.run.max_item_bytes, settings.destination.timeout_s) == (8, 16777216, 120)


def test_the_example_file_names_every_setting_and_shows_the_defaults() -> None:
    settings = load_settings(EXAMPLE, {}, {})
    assert (settings.run, settings.rate, settings.state) == (Settings().run, Settings().rate, Settings().state)
    text = EXAMPLE.read_text(encoding="utf-8")
    section = ""
    named = set()
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        named.add(f"{section}.{line.lstrip('# ').split(' =')[0]}")
    assert not set(kinds()) - named


def test_a_flag_wins_over_the_environment_the_environment_over_the_file_the_file_over_the_default(write: Write) -> None:
    file = write("[run]\nworkers = 2\nin_flight = 2\nmax_retries = 2\n")
    environ = {"LRESTORE_RUN_WORKERS": "3", "LRESTORE_RUN_IN_FLIGHT": "3"}
    run = load_settings(file, environ, {"run.workers": 4, "run.max_failures": None}).run
    assert (run.workers, run.in_flight, run.max_retries, run.checkpoint_every) == (4, 3, 2, 100)


def test_the_sdks_variables_count_for_the_destination_after_ours(write: Write) -> None:
    environ = {"LOOKERSDK_BASE_URL": "https://sdk.example.com", "LOOKERSDK_VERIFY_SSL": "n", "LOOKERSDK_TIMEOUT": "30"}
    file = write('[destination]\nbase_url = "https://file.example.com"\n')
    destination = load_settings(file, environ, {}).destination
    assert (destination.base_url, destination.verify_ssl, destination.timeout_s) == (
        "https://sdk.example.com",
        False,
        30,
    )
    environ["LRESTORE_DESTINATION_BASE_URL"] = "https://ours.example.com"
    assert load_settings(file, environ, {}).destination.base_url == "https://ours.example.com"


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("Yes", True), ("1", True), ("false", False), ("no", False), ("0", False)]
)
def test_truth_in_the_environment_has_several_spellings(text: str, value: object) -> None:
    assert load_settings(None, {"LRESTORE_RUN_TRUST_404": text}, {}).run.trust_404 is value


@pytest.mark.parametrize(
    ("text", "specs"),
    [
        ("all", ["all"]),
        ("dashboard,look,board", ["dashboard", "look", "board"]),
        ("dashboard=1,2 look", ["dashboard=1,2", "look"]),
        ("user;dashboard=1,2", ["user", "dashboard=1,2"]),
        ('["dashboard=1,2", "@my list.csv"]', ["dashboard=1,2", "@my list.csv"]),
    ],
)
def test_a_list_in_the_environment(text: str, specs: list[str]) -> None:
    assert load_settings(None, {"LRESTORE_RUN_SELECT": text}, {}).run.select == specs


def test_a_path_in_the_environment_is_one_path_commas_and_all_or_a_list() -> None:
    assert load_settings(None, {"LRESTORE_SOURCE_PATH": "a,b.db"}, {}).source.paths == ["a,b.db"]
    assert load_settings(None, {"LRESTORE_SOURCE_PATH": '["a.db", "b.db"]'}, {}).source.paths == ["a.db", "b.db"]


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load_settings(None, {"LRESTORE_RUN_WORKERS": "", "LOOKERSDK_TIMEOUT": ""}, {}) == Settings()


def test_variables_in_strings_are_filled_in(write: Write) -> None:
    file = write('[source]\npath = ["${BACKUPS}/a.db", "${BACKUPS}/b.db"]\n[destination]\nname = "${X}-${Y}"\n')
    settings = load_settings(file, {"BACKUPS": "/mnt", "X": "x", "Y": "${Z}"}, {})
    assert settings.source.paths == ["/mnt/a.db", "/mnt/b.db"]
    assert settings.destination.name == "x-${Z}", "what a variable holds is not looked into again"


def test_a_missing_variable_is_named_with_key_and_line(write: Write) -> None:
    file = write('[state]\n\npath = "${STATE_DIR}/state.db"\n')
    message = refusal(file)
    assert "'STATE_DIR'" in message and "[state] path" in message and f"{file}, line 3" in message


@pytest.mark.parametrize(
    ("text", "instance"),
    [
        ('path = "backups/prod.db"', "prod"),
        ('path = "prod.db.gz"', "prod"),
        ('path = ["a.db", "b.db"]', "a"),
        ('path = "a.db"\ninstance = "emea"', "emea"),
    ],
)
def test_the_instance_is_called_after_the_first_file(write: Write, text: str, instance: str) -> None:
    assert load_settings(write(f"[source]\n{text}\n"), {}, {}).source.instance == instance


def test_of_a_glob_the_first_match_gives_the_name(write: Write, tmp_path: Path) -> None:
    write("", "emea-2.db")
    write("", "emea-1.db")
    assert load_settings(None, {"LRESTORE_SOURCE_PATH": f"{tmp_path}/emea-*.db"}, {}).source.instance == "emea-1"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://Looker.example.com:19999/", "looker.example.com:19999"),
        ("https://looker.example.com", "looker.example.com:443"),
        ("http://localhost", "localhost:80"),
        ("http://[::1]:9999", "[::1]:9999"),
    ],
)
def test_the_destination_is_called_after_its_host_and_port(url: str, name: str) -> None:
    """Two servers may share a host."""
    destination = load_settings(None, {"LOOKERSDK_BASE_URL": url}, {}).destination
    assert (destination.name, destination.base_url) == (name, url.rstrip("/"))


def test_the_name_that_older_versions_gave_is_known_where_no_other_is_chosen() -> None:
    url = {"LOOKERSDK_BASE_URL": "https://looker.example.com:19999"}
    assert load_settings(None, url, {}).destination.former_name == "looker.example.com"
    named = load_settings(None, {**url, "LRESTORE_DESTINATION_NAME": "prod"}, {}).destination
    assert (named.name, named.former_name) == ("prod", "")


def test_the_simulator_keeps_its_name() -> None:
    assert load_settings(None, {"LOOKERSDK_BASE_URL": "simulator"}, {}).destination.name == "simulator"


def test_an_unknown_key_is_named_with_its_line_and_the_nearest_known_one(write: Write) -> None:
    file = write("# comment\n[run]\nworkers = 1\nin_fligth = 2\n")
    message = refusal(file)
    assert "'in_fligth'" in message and f"{file}, line 4" in message and "did you mean 'in_flight'?" in message


def test_a_key_of_another_section_is_sent_home(write: Write) -> None:
    assert "belongs to [run]" in refusal(write("[rate]\nworkers = 1\n"))


def test_a_key_above_all_sections_is_sent_home(write: Write) -> None:
    assert "move it to [run]" in refusal(write("workers = 1\n"))


def test_an_unknown_section_is_named_with_its_line(write: Write) -> None:
    file = write("[run]\n\n[destinaton]\n")
    message = refusal(file)
    assert "[destinaton]" in message and "line 3" in message and "did you mean 'destination'?" in message


def test_a_section_that_is_none_is_explained(write: Write) -> None:
    assert "write [run]" in refusal(write("run = 3\n"))


@pytest.mark.parametrize("text", ["run.workers = 99\n", "run = { workers = 99 }\n", '["run"]\nworkers = 99\n'])
def test_the_line_is_found_however_a_table_is_written(write: Write, text: str) -> None:
    line = 1 + text.startswith("[")
    assert f"line {line}: [run] workers: expected a whole number" in refusal(write(text))


def test_an_unknown_variable_of_ours_is_refused_others_are_not_ours() -> None:
    message = refusal(None, {"LRESTORE_RUN_WORKER": "3"})
    assert "LRESTORE_RUN_WORKER" in message and "did you mean 'LRESTORE_RUN_WORKERS'?" in message
    others = {"LRESTORE_CRASH_AT": "3", "LRESTORE_SOURCE_CLIENT_ID": "x", "LRESTORE_SOURCE_CLIENT_SECRET": "y"}
    assert load_settings(None, others, {}) == Settings()
    assert "did you mean 'LRESTORE_RUN_WORKERS'?" in refusal(None, {"LRESTORE_RUNN_WORKERS": "3"})


@pytest.mark.parametrize("section", ["destination", "source"])
@pytest.mark.parametrize("key", ["client_id", "client_secret"])
def test_credentials_in_the_file_are_refused_and_not_repeated(write: Write, section: str, key: str) -> None:
    message = refusal(write(f'[{section}]\n{key} = "hunter2"\n'))
    assert "LOOKERSDK_CLIENT_ID" in message and "hunter2" not in message and "line 2" in message


def test_credentials_above_all_sections_are_refused_too(write: Write) -> None:
    message = refusal(write('client_secret = "hunter2"\n'))
    assert "LOOKERSDK_CLIENT_SECRET" in message and "hunter2" not in message


IMPOSSIBLE = [
    ("run.workers", 0),
    ("run.workers", 65),
    ("run.workers", True),
    ("run.workers", "8"),
    ("run.workers", 1.5),
    ("run.in_flight", 0),
    ("run.in_flight", 65),
    ("run.max_retries", -1),
    ("run.checkpoint_every", 0),
    ("run.checkpoint_seconds", -0.1),
    ("run.checkpoint_seconds", float("nan")),
    ("run.give_up_after_s", float("inf")),
    ("run.give_up_after_s", -1),
    ("run.confirm_above", -1),
    ("run.max_item_bytes", 0),
    ("run.identity", "same"),
    ("run.if_missing", "update"),
    ("run.identity", ["auto"]),
    ("run.max_failures", "some"),
    ("run.max_failures", "-1"),
    ("run.max_failures", "101%"),
    ("run.max_failures", "5.5"),
    ("run.select", "all"),
    ("run.select", [1]),
    ("run.trust_404", 1),
    ("rate.per_second", -1),
    ("rate.per_second", "fast"),
    ("rate.burst", -1),
    ("destination.timeout_s", 0),
    ("destination.ini", "~nobody-of-this-name/looker.ini"),
    ("destination.simulator_world", "a\0b"),
    ("destination.timeout_s", -5),
    ("destination.verify_ssl", "yes"),
    ("destination.base_url", "looker.example.com"),
    ("destination.base_url", "ftp://looker.example.com"),
    ("destination.base_url", "https://"),
    ("destination.base_url", "https://looker.example.com:port"),
    ("destination.base_url", "https://[::1"),
    ("destination.base_url", "https://looker example.com"),
    ("destination.base_url", "https://looker.example.com/api/4.0"),
    ("destination.base_url", "https://looker.example.com/?x=1"),
    ("destination.base_url", 3),
    ("source.base_url", "simulator"),
    ("source.path", ""),
    ("source.path", []),
    ("source.path", ["a.db", " "]),
    ("source.path", 3),
    ("state.path", ""),
    ("state.keep_undo_days", -1),
    ("state.keep_undo_days", 10**9),
    ("run.settle_s", 1e12),
    ("destination.timeout_s", 1e12),
]


@pytest.mark.parametrize(("key", "value"), IMPOSSIBLE)
def test_an_impossible_value_is_refused_naming_the_key(key: str, value: object) -> None:
    section, name = key.split(".")
    message = refusal(None, {}, **{key.replace(".", "__"): value})
    assert re.search(rf"\[{section}\] {name}[: ]", message)
    assert "`" not in message and "msgspec" not in message


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("run.workers", "0"),
        ("run.workers", '"8"'),
        ("run.checkpoint_seconds", "nan"),
        ("run.give_up_after_s", "inf"),
        ("run.identity", '"same"'),
        ("run.select", "[1]"),
        ("rate.per_second", "1979-05-27"),
        ("destination.verify_ssl", '"yes"'),
        ("destination.base_url", '"looker"'),
        ("source.path", "[]"),
        ("source.path", '["a\\u0000.db"]'),
        ("state.path", '"~nobody-of-this-name/state.db"'),
    ],
)
def test_an_impossible_value_in_the_file_is_refused_naming_its_line(write: Write, key: str, text: str) -> None:
    section, name = key.split(".")
    file = write(f"[{section}]\n{name} = {text}\n")
    assert re.search(rf"{re.escape(str(file))}, line 2: \[{section}\] {name}[: ]", refusal(file))


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("LRESTORE_RUN_WORKERS", "many"),
        ("LRESTORE_RUN_WORKERS", "65"),
        ("LRESTORE_RUN_TRUST_404", "perhaps"),
        ("LRESTORE_RATE_PER_SECOND", "nan"),
        ("LRESTORE_RATE_PER_SECOND", "inf"),
        ("LRESTORE_RUN_SELECT", '["all"'),
        ("LRESTORE_RUN_IDENTITY", "same"),
        ("LOOKERSDK_TIMEOUT", "0"),
        ("LOOKERSDK_VERIFY_SSL", "perhaps"),
        ("LOOKERSDK_BASE_URL", "looker"),
    ],
)
def test_an_impossible_value_in_the_environment_is_refused_naming_the_variable(variable: str, text: str) -> None:
    assert f"environment variable {variable}: [" in refusal(None, {variable: text})


def test_a_password_in_the_url_is_refused_and_not_repeated() -> None:
    message = refusal(None, {"LOOKERSDK_BASE_URL": "https://me:hunter2@looker.example.com"})
    assert "hunter2" not in message and "LOOKERSDK_CLIENT_SECRET" in message


@pytest.mark.parametrize("limit", ["none", "0", "20", "5%", "2.5%", "100%"])
def test_limits_of_failures(limit: str) -> None:
    assert load_settings(None, {"LRESTORE_RUN_MAX_FAILURES": limit}, {}).run.max_failures == limit


def test_a_limit_of_failures_may_be_a_number_in_the_file(write: Write) -> None:
    assert load_settings(write("[run]\nmax_failures = 20\n"), {}, {}).run.max_failures == "20"


def test_an_override_that_no_setting_has_is_refused() -> None:
    assert "'wrokers'" in refusal(None, run__wrokers=3)
    assert "there is no setting" in refusal(None, workers=3)


@pytest.mark.parametrize("spelling", ["vault.db", "./vault.db", "link.db", "hard.db"])
def test_the_state_is_never_written_into_the_backup(tmp_path: Path, spelling: str) -> None:
    """Also not by another name of the same file."""
    (tmp_path / "vault.db").touch()
    (tmp_path / "link.db").symlink_to("vault.db")
    (tmp_path / "hard.db").hardlink_to(tmp_path / "vault.db")
    message = refusal(None, {"LRESTORE_SOURCE_PATH": "vault.db*", "LRESTORE_STATE_PATH": spelling})
    assert "[state] path" in message and "backup" in message


def test_relative_paths_start_at_the_working_directory(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    file = tmp_path / "conf" / "prod.toml"
    file.write_text('[source]\npath = "vault.db"\n[state]\npath = "state.db"\n')
    settings = load_settings(file, {}, {})
    assert (settings.source.path, settings.state.path) == ("vault.db", "state.db")


def test_a_tilde_in_a_path_is_the_home_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    assert load_settings(None, {"LRESTORE_STATE_PATH": "~/s.db"}, {}).state.path == "/home/somebody/s.db"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "nowhere.toml: cannot be read: No such file" in refusal(tmp_path / "nowhere.toml")
    assert "cannot be read" in refusal(tmp_path)


def test_a_file_that_is_no_toml_is_named_with_the_line(write: Write) -> None:
    message = refusal(write("[run]\nworkers = \n"))
    assert "prod.toml: is not TOML" in message and "line 2" in message


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_bytes(b"[run]\n# \xff\n")
    assert "bad.toml: is not UTF-8" in refusal(tmp_path / "bad.toml")


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "windows.toml").write_bytes(b"\xef\xbb\xbf[run]\r\nworkers = 2\r\n")
    assert load_settings(tmp_path / "windows.toml", {}, {}).run.workers == 2


def test_what_is_missing_is_asked_for_only_where_it_is_needed() -> None:
    nothing = load_settings(None, {}, {})
    with pytest.raises(SettingsError, match="LRESTORE_SOURCE_PATH"):
        require_source(nothing)
    with pytest.raises(SettingsError, match="LOOKERSDK_BASE_URL"):
        require_destination(nothing)
    enough = load_settings(None, {"LRESTORE_SOURCE_PATH": "v.db", "LOOKERSDK_BASE_URL": "https://x"}, {})
    require_source(enough)
    require_destination(enough)


INI = "[Looker]\nbase_url='https://ini.example.com:19999'\nverify_ssl=false\ntimeout=33\n[Other]\nbase_url=https://other\n"


def test_a_named_ini_file_says_where_the_destination_is_if_nobody_else_does(write: Write) -> None:
    ini = {"LRESTORE_DESTINATION_INI": str(write(INI, "my.ini"))}
    destination = load_settings(None, ini, {}).destination
    assert (destination.base_url, destination.verify_ssl, destination.timeout_s) == (
        "https://ini.example.com:19999",
        False,
        33,
    )
    other = load_settings(None, ini | {"LRESTORE_DESTINATION_INI_SECTION": "Other"}, {}).destination
    assert (other.base_url, other.verify_ssl) == ("https://other", True)
    given_url = load_settings(None, ini | {"LOOKERSDK_BASE_URL": "https://env"}, {}).destination
    assert (given_url.base_url, given_url.verify_ssl) == ("https://env", True), "nothing of another Looker is mixed in"


def test_an_ini_file_that_just_lies_there_names_no_destination(write: Write) -> None:
    write(INI, "looker.ini")
    assert load_settings(None, {}, {}).destination.base_url == ""


def test_a_wrong_value_in_the_ini_file_names_it(write: Write) -> None:
    ini = write("[Looker]\nbase_url=https://x\ntimeout=long\n", "my.ini")
    assert f"{ini}: [destination] timeout_s: expected a number" in refusal(None, {"LRESTORE_DESTINATION_INI": str(ini)})


@given(st.text(), st.sampled_from(sorted(kinds())))
def test_whatever_a_variable_holds_it_is_taken_or_refused_by_name(text: str, key: str) -> None:
    variable = f"LRESTORE_{key.replace('.', '_').upper()}"
    try:
        settings = load_settings(None, {variable: text}, {})
    except SettingsError as error:
        named = str(error)
    else:
        named = variable
        assert msgspec.convert(msgspec.to_builtins(settings), Settings) == settings, "a session keeps it in its state"
    assert variable in named


def test_a_backup_whose_name_is_no_text_gives_the_instance_a_name_that_is() -> None:
    settings = load_settings(None, {"LRESTORE_SOURCE_PATH": "\udcff.db"}, {})
    assert settings.source.instance == "\\udcff" and settings.source.paths == ["\udcff.db"]
