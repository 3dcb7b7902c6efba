"""Session, report and ``--show`` name caller, reason, command and backup."""

from __future__ import annotations

import json
import os
import pwd
import socket

from lrestore.version import __version__
from tests.acceptance.instance_fixture import SECRET, InstanceFixture

_CALLER = {"os_user": pwd.getpwuid(os.getuid()).pw_name, "host": socket.gethostname(), "version": __version__}


def test_a_session_keeps_its_caller_its_reason_and_its_backup(instance: InstanceFixture) -> None:
    for number in ("1", "2", "3"):
        instance.edit("look", number, title=f"Changed {number}")
    instance.simulator.fault("status:422", operation="update_look", times=1)
    argv = ("--select", "look=1,2,3", "--max-failures", "1", "--reason", "INC-7: lost titles")
    first = instance.run(*argv, LOGNAME="mallory")
    resumed = instance.run("--resume", "--reason", "second try")
    assert (first.code, resumed.code, resumed.total("updated")) == (4, 1, 2)
    (session,) = json.loads(instance.run("--show", "sessions", "--format", "json").out)
    assert session["reason"] == resumed.report["reason"] == "INC-7: lost titles; second try"
    assert first.report["reason"] == "INC-7: lost titles"
    by = first.report["by"]
    assert {name: by[name] for name in _CALLER} == _CALLER and by["looker_user"] == session["user"] != ""
    assert by["command"].startswith("lrestore --select look=1,2,3 ") and session["by"]["command"] == by["command"]
    source = first.report["source"]
    assert source["fingerprint"] == session["source_fingerprint"] and len(source["fingerprint"]) == 32
    assert source["synced_to"].startswith("2026-01-01") and source["age"].endswith("days old")
    assert abs(source["age_s"] - session["backup_age_s"]) < 60
    one = instance.run("--show", f"session={session['id']}").out
    assert "INC-7: lost titles; second try" in one and source["fingerprint"] in one and by["os_user"] in one
    assert "INC-7" in instance.run("--show", "sessions").out


def test_a_secret_in_a_command_is_masked_and_a_run_that_cannot_start_names_its_caller(
    instance: InstanceFixture,
) -> None:
    ran = instance.run(
        "--select", "look", "--log-file", f"{SECRET}.log", "--verify", "--reason", "https://u:hidden@h/x"
    )
    command = ran.report["by"]["command"]
    assert SECRET not in command and "hidden" not in command and "u:***@h" in command
    refused = instance.run("--select", "look=1", "--reason", "why", LOOKERSDK_CLIENT_SECRET="wrong")
    assert refused.code == 3 and refused.report["reason"] == "why"
    assert refused.report["by"]["os_user"] == _CALLER["os_user"] and "wrong" not in str(refused.report["by"])


def test_a_restore_names_the_user_whose_change_it_takes_back(instance: InstanceFixture) -> None:
    """Looker tells the user's id only; the backup has the name, and no call is made for it."""
    name = instance.blob("user", "3")["display_name"]
    instance.edit("look", "1", title="Other", updated_at="2026-11-20T10:00:00.000Z", last_updater_id="3")
    ran = instance.run("--select", "look=1").all_good()
    assert f"was changed 2026-11-20 by {name}" in ran.out
    assert not any(call.operation == "search_users" for call in ran.calls)
    assert ran.report["items"][0]["live"]["updated_by"] == name
