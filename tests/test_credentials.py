"""Credentials: where they are found, and that they are shown nowhere."""

from __future__ import annotations

import pickle
from pathlib import Path

import msgspec
import pytest

from lrestore.credentials import Credentials, destination_credentials, source_credentials
from lrestore.errors import SettingsError
from lrestore.settings import DestinationSettings, Settings, SourceSettings

BOTH = {"LOOKERSDK_CLIENT_ID": "env-id", "LOOKERSDK_CLIENT_SECRET": "env-secret"}
INI = """
[Looker]
base_url=https://looker.example.com:19999
client_id="ini-id"
client_secret='ini-%secret'
[Other]
client_id=other-id
client_secret=other-secret
"""


@pytest.fixture(autouse=True)
def _in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def settings(**destination: str) -> Settings:
    return Settings(destination=DestinationSettings(**destination))  # type: ignore[arg-type]


def ini_file(text: str = INI, name: str = "looker.ini", mode: int = 0o600) -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def refusal(of: Settings, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        destination_credentials(of, environ or {})
    assert "secret'" not in str(caught.value) and "hunter2" not in str(caught.value)
    return str(caught.value)


def test_the_environment_wins_over_the_ini_file() -> None:
    ini_file()
    assert destination_credentials(settings(), BOTH) == (Credentials("env-id", "env-secret"), [])


def test_the_first_section_counts_when_none_is_named_and_quotes_are_taken_off() -> None:
    ini_file()
    assert destination_credentials(settings(), {}) == (Credentials("ini-id", "ini-%secret"), [])
    assert destination_credentials(settings(ini_section="Other"), {})[0] == Credentials("other-id", "other-secret")


def test_each_half_may_come_from_its_own_place() -> None:
    """As with the Looker SDK: the id in the file, the secret from a vault."""
    ini_file("[Looker]\nclient_id=ini-id\n")
    found, _ = destination_credentials(settings(), {"LOOKERSDK_CLIENT_SECRET": "env-secret"})
    assert found == Credentials("ini-id", "env-secret")


def test_the_sdk_reads_the_same_file_alike() -> None:
    from looker_sdk.rtl.api_settings import ApiSettings

    ini_file(INI.replace("%", ""))
    theirs = ApiSettings(filename="looker.ini").read_config()
    ours, _ = destination_credentials(settings(), {})
    assert (ours.client_id, ours.client_secret) == (theirs["client_id"], theirs["client_secret"])


def test_nothing_anywhere_says_what_to_set() -> None:
    message = refusal(settings())
    assert "LOOKERSDK_CLIENT_ID and LOOKERSDK_CLIENT_SECRET" in message and "looker.ini" in message


def test_half_a_key_says_which_half_is_missing() -> None:
    message = refusal(settings(), {"LOOKERSDK_CLIENT_ID": "x", "LOOKERSDK_CLIENT_SECRET": " "})
    assert "LOOKERSDK_CLIENT_SECRET" in message and "LOOKERSDK_CLIENT_ID" not in message
    ini_file("[Looker]\nclient_id=''\nclient_secret=hunter2\n")
    assert "no client_id for" in refusal(settings())


def test_an_ini_file_that_was_named_must_be_there() -> None:
    assert "file prod.ini does not exist" in refusal(settings(ini="prod.ini"))
    assert destination_credentials(settings(ini="prod.ini"), BOTH)[0].client_id == "env-id", "unless it isn't needed"


def test_a_section_that_is_not_there_is_named_with_those_that_are() -> None:
    ini_file()
    message = refusal(settings(ini_section="Loooker"))
    assert "[Loooker]" in message and "Looker, Other" in message


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "has no section"),
        ("client_secret=hunter2\n", "line 1"),
        ("[Looker]\nclient_id=a\nclient_id=b\n", "line 3: is not an ini file of the Looker SDK: a key is given twice"),
        ("[A]\n[A]\n", "line 2: is not an ini file of the Looker SDK: a section is given twice"),
        ("[Looker]\nhunter2\n", "line 2: is not an ini file of the Looker SDK: not of the form key=value"),
    ],
)
def test_a_malformed_ini_file_is_named_with_the_line_and_not_quoted(text: str, complaint: str) -> None:
    ini_file(text)
    message = refusal(settings())
    assert "looker.ini" in message and complaint in message


def test_an_ini_file_that_is_no_text_or_no_file_is_named() -> None:
    Path("bytes.ini").write_bytes(b"[Looker]\nclient_id=\xff\n")
    assert "bytes.ini: is not UTF-8" in refusal(settings(ini="bytes.ini"))
    Path("folder.ini").mkdir()
    assert "folder.ini: cannot be read" in refusal(settings(ini="folder.ini"))


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_an_ini_file_that_others_may_read_is_warned_about(mode: int) -> None:
    ini_file(mode=mode)
    _, warnings = destination_credentials(settings(), {})
    assert len(warnings) == 1 and "chmod 600 looker.ini" in warnings[0]


def test_a_key_of_another_looker_is_warned_about() -> None:
    """An ini file that lies in the directory may be anybody's."""
    ini_file()
    assert destination_credentials(settings(base_url="https://looker.example.com:19999"), {})[1] == []
    _, (warning,) = destination_credentials(settings(base_url="https://other.example.com"), {})
    assert "https://looker.example.com:19999" in warning and "https://other.example.com" in warning


def test_the_secret_is_in_no_representation() -> None:
    key = Credentials("abcdefgh", "hunter2hunter2")
    for shown in (repr(key), str(key), f"{key}", f"{[key]}"):
        assert "hunter2" not in shown and "abcdefgh" not in shown


def test_a_worker_process_can_be_given_them_through_a_pipe() -> None:
    key = Credentials("id", "hunter2")
    assert pickle.loads(pickle.dumps(key)) == key


def test_the_source_has_a_key_of_its_own() -> None:
    ini_file()
    environ = {**BOTH, "LRESTORE_SOURCE_CLIENT_ID": "src-id", "LRESTORE_SOURCE_CLIENT_SECRET": "src-secret"}
    assert source_credentials(Settings(), environ)[0] == Credentials("src-id", "src-secret")
    named = Settings(source=SourceSettings(ini_section="Other"))
    assert source_credentials(named, {})[0] == Credentials("other-id", "other-secret")


def test_the_destinations_key_is_never_sent_to_the_source() -> None:
    ini_file()
    with pytest.raises(SettingsError, match="LRESTORE_SOURCE_CLIENT_ID and LRESTORE_SOURCE_CLIENT_SECRET"):
        source_credentials(Settings(), BOTH)


def test_settings_hold_no_secret() -> None:
    """They are kept in the state file, for resuming."""
    names = msgspec.to_builtins(Settings())
    assert not [key for table in names.values() for key in table if "secret" in key or "client" in key]
