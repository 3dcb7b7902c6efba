"""The comparison with LookerVault, with a small program in LookerVault's place: what it destroys has to be told."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from bench import compare_lookervault

STAND_IN = """
import json, os, sqlite3, sys, urllib.parse, urllib.request

def call(method, path, data=None, token=None):
    headers = {"Authorization": "token " + token} if token else {}
    url = os.environ["LOOKERVAULT_API_URL"] + "/api/4.0/" + path
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read() or b"null")

assert sys.argv[1:3] == ["restore", "all"], sys.argv
backup = sqlite3.connect(sys.argv[sys.argv.index("--db-path") + 1])
assert backup.execute("SELECT count(*) FROM content_items").fetchone()[0]
key = {"client_id": os.environ["LOOKERVAULT_CLIENT_ID"], "client_secret": os.environ["LOOKERVAULT_CLIENT_SECRET"]}
token = call("POST", "login", urllib.parse.urlencode(key).encode())["access_token"]
tiles = call("GET", "dashboards/1/dashboard_elements", token=token)
for tile in tiles[:2]:
    call("DELETE", "dashboard_elements/" + tile["id"], token=token)
sys.exit(1)
"""


def rows(output: str) -> dict[str, tuple[str, str]]:
    lines = [line.split("  ") for line in output.splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    return {line[0]: (line[1], line[2]) for line in cells if len(line) == 3}


def test_both_programs_are_measured_and_what_they_destroy_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "stand_in.py"
    program.write_text(STAND_IN, encoding="utf-8")
    command = shlex.join([sys.executable, str(program)])
    arguments = ["--lookervault", command, "--items", "20", "--tiles", "3", "--latency-ms", "0"]
    assert compare_lookervault.main(arguments) == 0
    found = rows(capsys.readouterr().out)
    assert found["exit code"] == ("0", "1")
    assert found["items as in the backup"][0] == "20"
    assert found["items doubled"] == ("0", "0")
    assert found["tiles that were there, and are deleted"] == ("0", "2")
    assert found["tiles missing at the end"][0] == "0"
    assert found["alerts lost"][0] == "0"
    assert found["call delete_dashboard_element"] == ("0", "2")


def test_without_lookervault_it_says_how_to_install_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare_lookervault.main(["--lookervault", "/no/such/lookervault"]) == 2
    told = capsys.readouterr().err
    assert "'/no/such/lookervault'" in told
    assert "pip install git+https://github.com/z3z1ma/lookervault" in told


@pytest.mark.parametrize("arguments", [["--items", "3"], ["--tiles", "0"], ["--rate-per-minute", "0"]])
def test_impossible_numbers_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        compare_lookervault.main(["--lookervault", sys.executable, *arguments])
    assert refused.value.code == 2


def test_a_program_that_makes_no_call_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    command = shlex.join([sys.executable, "-c", "raise SystemExit('no settings')"])
    assert compare_lookervault.main(["--lookervault", command, "--items", "20", "--tiles", "1"]) == 1
    assert "no settings" in capsys.readouterr().err
