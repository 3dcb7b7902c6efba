"""The client and the simulator, each in its own process, with the real table of operations."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from lrestore.credentials import Credentials
from lrestore.errors import NotFoundError, ValidationError
from lrestore.looker.session import LookerSession
from tests.waiting import HANG_S


@pytest.fixture(scope="module")
def simulated() -> Iterator[LookerSession]:
    command = [sys.executable, "-m", "lrestore.simulator", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        key = Credentials(told["client_id"], told["client_secret"])
        with LookerSession(told["base_url"], key, timeout_s=HANG_S) as session:
            yield session
        process.terminate()


def test_it_logs_in_and_learns_who_and_what_is_there(simulated: LookerSession) -> None:
    assert simulated.versions()["looker_release_version"] and simulated.me()["id"]


def test_create_update_search_delete(simulated: LookerSession) -> None:
    folder = simulated.call("create_folder", body={"name": "Tést & co", "parent_id": "1"})
    found = simulated.call("search_folders", query={"name": "Tést & co", "fields": "id,name"})
    assert [row["id"] for row in found] == [folder["id"]]
    simulated.call("update_folder", path={"folder_id": folder["id"]}, body={"name": "Other"})
    assert simulated.call("folder", path={"folder_id": folder["id"]})["name"] == "Other"
    assert not simulated.call("delete_folder", path={"folder_id": folder["id"]})
    with pytest.raises(NotFoundError):
        simulated.call("folder", path={"folder_id": folder["id"]})


def test_its_validation_errors_are_understood(simulated: LookerSession) -> None:
    with pytest.raises(ValidationError) as caught:
        simulated.call("create_folder", body={"parent_id": "1"})
    assert [error.field for error in caught.value.errors] == ["name"]


def test_many_threads_on_one_session(simulated: LookerSession) -> None:
    with ThreadPoolExecutor(8) as pool:
        versions = list(pool.map(lambda _: simulated.versions(), range(200)))
    assert len(versions) == 200 and simulated.meter.snapshot().by_operation["login"] == 1
